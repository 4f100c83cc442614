//! Patterns of the FAQ of a WebSocket library on using asyncio.

use sim_explorer::Pattern;

pub(crate) const A1: Pattern = Pattern {
    id: "A1",
    about: "Sending and receiving at the same time on one connection needs two tasks",
    here: "`create_task` for each direction and `gather` for both; in plain style `spawn` twice, over the halves of the socket",
    rust: "Split the socket, and run both halves with `tokio::join!` or as two tasks of `tokio::spawn`",
};

pub(crate) const A2: Pattern = Pattern {
    id: "A2",
    about: "A task that belongs to a connection must end with it",
    here: "`TaskGroup::run` owns its tasks; or keep the `Task` and `cancel` it at the end; `Runner::all_tasks` shows who is left",
    rust: "`tokio::task::JoinSet`, which aborts its tasks when it is dropped, or an `AbortHandle` that is kept",
};

pub(crate) const A2B: Pattern = Pattern {
    id: "A2b",
    about: "The connection breaks: one of two gathered tasks fails, and the other lives on",
    here: "`wait` with `ReturnWhen::FirstCompleted`, then `cancel` the rest; or `TaskGroup::run`, which cancels the siblings",
    rust: "`tokio::try_join!` drops the other future at once; spawned tasks live on unless a `JoinSet` aborts them",
};

pub(crate) const A2C: Pattern = Pattern {
    id: "A2c",
    about: "The connection is closed normally: the receiver ends without an error, and the sender goes on",
    here: "The end of a stream is no error: after it `cancel` the sender too, instead of waiting until its next send fails",
    rust: "`StreamExt::next` gives `None`: a `tokio::select!` over both directions ends the other one as well",
};

pub(crate) const A3: Pattern = Pattern {
    id: "A3",
    about: "A loop of sends that never suspends starves the receiver",
    here: "`yield_now` after each message; the invariant counts the sends before the first answer, `Executor::stats` the polls",
    rust: "`tokio::task::yield_now().await` in the loop; tokio's sockets and channels yield now and then, other futures do not",
};

pub(crate) const A4: Pattern = Pattern {
    id: "A4",
    about: "An await of what is ready does not yield",
    here: "Nothing is inserted: an await of a finished `Task`, a free `Lock`, a set `Event` goes straight on; `yield_now` yields",
    rust: "A future that is `Ready` at its first poll does not suspend: `std::future::ready(()).await` is a plain call",
};

pub(crate) const A5: Pattern = Pattern {
    id: "A5",
    about: "A send suspends only while the buffers are full",
    here: "`TcpConfig::send_buffer_bytes` and `receive_buffer_bytes` bound the simulated ones; a write waits while they are full",
    rust: "`AsyncWrite::poll_write` is `Ready` while the kernel's buffer has room, so `write_all` seldom suspends",
};

pub(crate) const A6: Pattern = Pattern {
    id: "A6",
    about: "Yielding on purpose, with a sleep of zero",
    here: "`yield_now`, which `sleep(Duration::ZERO)` is too: to the back of the ready queue, without a timer",
    rust: "`tokio::task::yield_now().await`; a `tokio::time::sleep` of zero promises no turn for others",
};

pub(crate) const A7: Pattern = Pattern {
    id: "A7",
    about: "Only a sleep is sure to suspend",
    here: "`sleep` and `yield_now` suspend always, for zero too; nothing else in `sim_asyncio` promises that",
    rust: "`tokio::task::yield_now` promises it; a `sleep` whose deadline has passed may be ready at once",
};

pub(crate) const A8: Pattern = Pattern {
    id: "A8",
    about: "A known complaint: a client that sends in a loop sees none of the answers",
    here: "A named scenario with a broken variant, which `seedbed sweep` must find: so a complaint becomes a regression test",
    rust: "A `#[seedbed::test]` over the client, which asserts how much was received before the last send",
};

pub(crate) const A9: Pattern = Pattern {
    id: "A9",
    about: "Another thread touches what belongs to the loop",
    here: "`EventLoop::call_soon_threadsafe` wakes the loop; `set_result` from another `Node` is seen at the next timer, or never",
    rust: "Wakers and `tokio::sync` channels may be used from any thread; what may not is not `Send`, and does not compile",
};

pub(crate) const A10: Pattern = Pattern {
    id: "A10",
    about: "Logic that waits belongs in a task of its own",
    here: "`create_task` with awaits inside; `block` in its place would hold the whole loop",
    rust: "`tokio::spawn` of an `async` block",
};

pub(crate) const A11: Pattern = Pattern {
    id: "A11",
    about: "A function that blocks belongs in an executor pool",
    here: "`EventLoop::run_in_executor` with a `Pool` that has enough workers; `time::block` inside holds one worker only",
    rust: "`tokio::task::spawn_blocking`; a closure that has begun runs to its end even if its handle is aborted",
};

pub(crate) const A12: Pattern = Pattern {
    id: "A12",
    about: "Which step has blocked the loop",
    here: "`seedbed run NAME --trace` shows who holds the CPU until when; `TaskStats::waited_time_max` who had to wait",
    rust: "`tokio-console` or the runtime's metrics show the polls that take long",
};

pub(crate) const A13: Pattern = Pattern {
    id: "A13",
    about: "A blocking sleep in a coroutine",
    here: "`sleep` waits; `block` is the mistake: it holds the CPU of its node, and only of that",
    rust: "`tokio::time::sleep`, never `std::thread::sleep`; clippy can be told to refuse that",
};

pub(crate) const A14: Pattern = Pattern {
    id: "A14",
    about: "Messages are sent, but none are received",
    here: "`block` between two sends: bytes leave inside of the write, but nothing is read before the CPU is free",
    rust: "A write reaches the kernel at once, a read needs its task to be polled: do not block the thread that polls it",
};

pub(crate) const A15: Pattern = Pattern {
    id: "A15",
    about: "The connection times out, since nobody answers the pings",
    here: "A peer that pings with `time::interval` and gives up with `time::timeout`; a node under `block` answers nothing",
    rust: "tungstenite answers a ping only while its socket is read or written: keep one task reading at all times",
};

pub(crate) const A16: Pattern = Pattern {
    id: "A16",
    about: "An unnecessary send makes the program work",
    here: "The large send overfills `TcpConfig::send_buffer_bytes` and has to wait, so that others run by accident",
    rust: "An await that happens to be `Pending` lets others run: yield on purpose with `tokio::task::yield_now`",
};
