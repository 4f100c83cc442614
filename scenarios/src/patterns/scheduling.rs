//! Patterns of an article on running, scheduling and testing coroutines.

use sim_explorer::Pattern;

pub(crate) const C1: Pattern = Pattern {
    id: "C1",
    about: "Cooperative multitasking in one thread",
    here: "Tasks of one `Node` take turns at awaits that suspend, and the seed says whose turn it is",
    rust: "The same on a current-thread runtime; with more threads tasks run in parallel, and must be `Send`",
};

pub(crate) const C2: Pattern = Pattern {
    id: "C2",
    about: "Work that needs the CPU gains nothing, and keeps the others waiting",
    here: "`block` stands for computing: cut it into chunks with `yield_now`, or give it to a `Pool`",
    rust: "`tokio::task::spawn_blocking`, or rayon with a channel for the result",
};

pub(crate) const C3: Pattern = Pattern {
    id: "C3",
    about: "Races are rarer between coroutines, not absent",
    here: "`seedbed sweep` runs the ready tasks in any order, and an invariant with `ensure!` finds what the usual order hides",
    rust: "loom or shuttle for threads, `#[seedbed::test]` for tasks",
};

pub(crate) const C4: Pattern = Pattern {
    id: "C4",
    about: "How to run a coroutine at all",
    here: "`Runner::run_coroutine`, or `create_task` then `run_until_complete`; in plain style `Executor::block_on`",
    rust: "`Runtime::block_on`; a future that nobody polls does nothing, and the compiler warns: it is `#[must_use]`",
};

pub(crate) const C5: Pattern = Pattern {
    id: "C5",
    about: "What running until complete does, step by step",
    here: "`Runner::run_until_complete` lets the loop run until the future is settled, then stops it, then gives the result",
    rust: "`Runtime::block_on` polls the future until it is ready, and the other tasks in between",
};

pub(crate) const C6: Pattern = Pattern {
    id: "C6",
    about: "Many ways to schedule a coroutine",
    here: "All begin with `create_task`; `gather`, `wait`, `run_until_complete` take tasks, which start in the order of creation",
    rust: "`tokio::spawn` makes a task; `join!` polls its futures inside of the current one",
};

pub(crate) const C7: Pattern = Pattern {
    id: "C7",
    about: "How gather and wait differ in results, errors, cancellation",
    here: "`gather` raises the first error and hands a cancellation on to all; `wait` raises nothing and cancels nobody",
    rust: "`try_join_all` drops the others at the first error, `join_all` waits; spawned tasks live on if either is dropped",
};

pub(crate) const C8: Pattern = Pattern {
    id: "C8",
    about: "A task that is created while no loop runs",
    here: "`Runner::create_task` between two runs; the free `create_task` panics with a clear text outside of a run",
    rust: "`tokio::spawn` panics outside of a runtime; `tokio::runtime::Handle::spawn` works everywhere",
};

pub(crate) const C9: Pattern = Pattern {
    id: "C9",
    about: "Two functions that are called create_task",
    here: "The free `create_task` takes the loop of the current node, `EventLoop::create_task` the one it is called on",
    rust: "`tokio::spawn` takes the current runtime, `Handle::spawn` the one it is called on",
};

pub(crate) const C10: Pattern = Pattern {
    id: "C10",
    about: "Creating a task at the top of a program is an error",
    here: "`Runner::enter` steps inside of the run; or use `Runner::create_task`, which does",
    rust: "`Runtime::enter`, or create it inside of `block_on`",
};

pub(crate) const C11: Pattern = Pattern {
    id: "C11",
    about: "A task whose loop is never run",
    here: "`Executor::pending` says that it was never polled, and `EventLoop::destroy_pending` reports it",
    rust: "A task on a current-thread runtime that nobody runs is dropped without a word",
};

pub(crate) const C12: Pattern = Pattern {
    id: "C12",
    about: "A task that schedules itself again, and a stop in a done callback",
    here: "`Future::add_done_callback` queues behind what is ready, and `stop` lets the iteration end first",
    rust: "There are no done callbacks: await the handle in a task of its own, which is polled when its turn comes",
};

pub(crate) const C13: Pattern = Pattern {
    id: "C13",
    about: "A coroutine is repeated for two seconds, without a pause",
    here: "Time stands still: `Limits::polls_per_instant_max` ends it; `Config::poll_cost`, or a `sleep` in the loop, mends it",
    rust: "`tokio::time::timeout` around a loop that sleeps; with a paused clock a loop without a sleep hangs",
};

pub(crate) const C14: Pattern = Pattern {
    id: "C14",
    about: "Two ways to run a loop: until something is complete, or for ever",
    here: "`Runner::run_until_complete`, `Runner::run_forever`; `Runner::run_for` is the second with a bound",
    rust: "`Runtime::block_on` the work, or a future that says when to shut down",
};

pub(crate) const C15: Pattern = Pattern {
    id: "C15",
    about: "A program that has no end",
    here: "`Runner::run_for`, or `Limits::virtual_time_max`, which ends the run and names the tasks that wait",
    rust: "`tokio::time::timeout` around it",
};

pub(crate) const C15B: Pattern = Pattern {
    id: "C15b",
    about: "A stop lets the current iteration finish, and no more",
    here: "`EventLoop::stop`; what becomes ready stays for the next run; `run_until_complete` gives `RunnerError::Stopped`",
    rust: "A `CancellationToken` or a `oneshot` channel that the work selects on: nothing stops a runtime midway but dropping it",
};

pub(crate) const C16: Pattern = Pattern {
    id: "C16",
    about: "A loop in a second thread, which the main thread stops",
    here: "`EventLoop::call_soon_threadsafe` with a callback that calls `stop`; a direct `stop` does not wake the loop",
    rust: "A `oneshot` channel or a `CancellationToken`, whose waker wakes the other thread's runtime",
};

pub(crate) const C17: Pattern = Pattern {
    id: "C17",
    about: "With a second thread the order is no longer easy to foresee",
    here: "A thread is a `Node` with a CPU of its own; it changes over where it blocks or awaits, and the seed says who is first",
    rust: "shuttle or loom for real threads; channels in place of shared memory",
};

pub(crate) const C18: Pattern = Pattern {
    id: "C18",
    about: "Background tasks that never end",
    here: "`Queue::join`, then `cancel`: else items are lost; one that has failed shows as `Report::TaskExceptionNeverRetrieved`",
    rust: "Keep the handle: abort it at the end, and join it to see its panic",
};

pub(crate) const C19: Pattern = Pattern {
    id: "C19",
    about: "What is printed shows only at the end, unless it is flushed",
    here: "`event!` records a line when it happens: the log of a run that deadlocks or panics is complete",
    rust: "`println!` flushes at the end of each line, also into a pipe; a `BufWriter` is lost when the process aborts",
};

pub(crate) const C20: Pattern = Pattern {
    id: "C20",
    about: "A sentinel must not be a possible value",
    here: "A `Queue` of an enum with `Item` and `End`: no item equals the sentinel",
    rust: "An enum or an `Option`; or drop the sender, since a closed channel ends its receiver",
};

pub(crate) const C21: Pattern = Pattern {
    id: "C21",
    about: "A queue yields control only when it is full or empty",
    here: "`Queue::put` suspends on a full queue only, `Queue::get` on an empty one only; a getter that is woken looks again",
    rust: "`mpsc` channels do not suspend while there is room or an item, but for tokio's budget of a task",
};

pub(crate) const C22: Pattern = Pattern {
    id: "C22",
    about: "Items are put before the consumer runs",
    here: "`Queue::put_nowait`, or `Runner::run_coroutine` of a put; then the consumer, and the check that `Queue::is_empty`",
    rust: "A channel keeps what is sent before its receiver is polled, a bounded one as much as it has room for",
};

pub(crate) const C23: Pattern = Pattern {
    id: "C23",
    about: "The sentinel would be put after the consumer has ended, which waits for it",
    here: "`RunError::Deadlock` names the consumer and what it waits for; start it with `create_task`, then put",
    rust: "The same hang, without a word: `tokio::spawn` the consumer, then send",
};

pub(crate) const C24: Pattern = Pattern {
    id: "C24",
    about: "A sentinel before other items",
    here: "The invariant asks for `Queue::is_empty` at the end: what is left was never consumed",
    rust: "Drop the sender in place of a sentinel: a channel closes behind its last item",
};

pub(crate) const C24B: Pattern = Pattern {
    id: "C24b",
    about: "Several consumers, and one sentinel",
    here: "One sentinel for each consumer, or put it back; `RunError::Deadlock` names the one that still waits",
    rust: "A channel with several receivers that can be closed, such as `async_channel`",
};

pub(crate) const C25: Pattern = Pattern {
    id: "C25",
    about: "A consumer that does not leave its loop at the sentinel",
    here: "`return` at the sentinel; else `RunError::Deadlock` shows the consumer at its next `Queue::get`",
    rust: "`while let Some(item) = receiver.recv().await` ends when the senders are gone",
};

pub(crate) const C26: Pattern = Pattern {
    id: "C26",
    about: "Random delays, so the output varies",
    here: "`choose_between` for each delay: the seed decides it, and the same seed gives the same log again",
    rust: "A generator with a fixed seed repeats the delays, but not the order in which a real runtime polls",
};

pub(crate) const C27: Pattern = Pattern {
    id: "C27",
    about: "The producer is faster, and the consumer takes the rest when it has ended",
    here: "`Queue::len` is the backlog; `Queue::join` waits until all of it is done",
    rust: "Drop the sender, then receive until `None`; `Receiver::len` of tokio's `mpsc` is the backlog",
};

pub(crate) const C28: Pattern = Pattern {
    id: "C28",
    about: "Without sleeps the producer puts everything before the consumer gets anything",
    here: "`Queue::put` on an unbounded queue does not suspend: bound it, or `yield_now` after each item",
    rust: "`mpsc::unbounded_channel` does not either: bound it",
};

pub(crate) const C29: Pattern = Pattern {
    id: "C29",
    about: "A bounded queue holds its producer back",
    here: "`Queue::new(items_max)`: a put suspends while so many items wait",
    rust: "`tokio::sync::mpsc::channel(items_max)`",
};

pub(crate) const C30: Pattern = Pattern {
    id: "C30",
    about: "A sleep of zero after each put",
    here: "`yield_now` after each `Queue::put`: in production order producer and consumer alternate",
    rust: "`tokio::task::yield_now().await` after each send",
};

pub(crate) const C31: Pattern = Pattern {
    id: "C31",
    about: "How to test asynchronous code",
    here: "`#[seedbed::test(seeds = 200)]`: a fresh world for each seed, with limits, and the log of the run that fails",
    rust: "`#[tokio::test(start_paused = true)]`: virtual timers, one schedule, real sockets",
};

pub(crate) const C32: Pattern = Pattern {
    id: "C32",
    about: "A test closes the loop that the next one needs",
    here: "A `Runner` is a value, not a global; who uses a closed one is told `RunnerError::Closed`",
    rust: "`#[tokio::test]` makes a runtime for each test; a global one in a `static` brings this trap back",
};

pub(crate) const C33: Pattern = Pattern {
    id: "C33",
    about: "A fresh loop for each test",
    here: "`Runner::new` in each test, with a look at `Runner::all_tasks` when it ends",
    rust: "`#[tokio::test]`, or a new `tokio::runtime::Runtime` in each test",
};

pub(crate) const C34: Pattern = Pattern {
    id: "C34",
    about: "Tests that depend on their order",
    here: "`shuffle` the tests: the seed decides; one run in ten of a `#[seedbed::test]` is made twice, and both must be equal",
    rust: "cargo-nextest gives each test a process of its own",
};

pub(crate) const C35: Pattern = Pattern {
    id: "C35",
    about: "Three requests at once",
    here: "`gather` three tasks; for a client that blocks `run_in_executor` with a `Pool` of three workers",
    rust: "`futures::future::join_all`, or `tokio::task::spawn_blocking` for each if the client blocks",
};

pub(crate) const C36: Pattern = Pattern {
    id: "C36",
    about: "Subtle differences between the methods of loops, module, futures, tasks",
    here: "The table in the documentation of `sim_asyncio`, whose logs equal CPython's, hop by hop",
    rust: "The same table says what futures and tokio do in place of it",
};

pub(crate) const C37: Pattern = Pattern {
    id: "C37",
    about: "Below all this: streams, transports, protocols",
    here: "`net::TcpListener`, `net::TcpStream` over links with a `LinkConfig`: windows, buffers, half close",
    rust: "`tokio::net` with `AsyncRead` and `AsyncWrite`; `tokio_util::codec` for frames",
};

pub(crate) const C38: Pattern = Pattern {
    id: "C38",
    about: "Asynchronous code leaks into all its callers",
    here: "`Runner::run_until_complete` or `Executor::block_on` lead in from plain code; called inside of a run they panic",
    rust: "`Runtime::block_on` leads in from plain code; called inside of a runtime it panics",
};

pub(crate) const C39: Pattern = Pattern {
    id: "C39",
    about: "Where a generator, a coroutine, a future or a task may go",
    here: "`create_task` takes a body, once; `gather` takes what is `Into<Future>`; a `Task` can be awaited again",
    rust: "The types say it: a future is moved into its task, and a `JoinHandle` gives its output once",
};

pub(crate) const C40: Pattern = Pattern {
    id: "C40",
    about: "Which of the ready tasks is next",
    here: "First in, first out in production order; under a seed any of them, so an invariant must hold for each order",
    rust: "Nothing is promised: tokio has a slot for the last one woken, a queue for each worker, and work stealing",
};
