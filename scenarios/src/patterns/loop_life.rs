//! Patterns of a tutorial on the life of an event loop.

use sim_explorer::Pattern;

pub(crate) const B1: Pattern = Pattern {
    id: "B1",
    about: "Reports for many clients: the slowest delays all the others",
    here: "A bounded `Queue` with a task for each client: a slow one loses or delays its own reports only",
    rust: "`tokio::sync::broadcast`, which tells a slow receiver how much it has missed, or a bounded `mpsc` for each client",
};

pub(crate) const B2: Pattern = Pattern {
    id: "B2",
    about: "One thread: concurrency, but nothing in parallel",
    here: "A `Node` has one CPU, and polls one task at a time; `Node::named` makes another machine or thread",
    rust: "`tokio::runtime::Builder::new_current_thread`, or a `LocalSet`",
};

pub(crate) const B3: Pattern = Pattern {
    id: "B3",
    about: "Tasks start in the order of their creation, not inside of the call that creates them",
    here: "`create_task` only queues the first step: first in, first out in production order, in any order under a seed",
    rust: "`tokio::spawn` only queues; a current-thread runtime starts them in order, one with more threads in any order",
};

pub(crate) const B4: Pattern = Pattern {
    id: "B4",
    about: "A task runs on until an await suspends it",
    here: "Another task runs only at an await that suspends: between two of them no decision is taken",
    rust: "The same: nothing interrupts a poll before it returns",
};

pub(crate) const B5: Pattern = Pattern {
    id: "B5",
    about: "After its delay the loop resumes the task",
    here: "`sleep` ends two hops after its deadline: the timer settles a future, and that wakes the task",
    rust: "The timer wakes the task, which is polled when its turn comes: a deadline is the earliest time, not the exact one",
};

pub(crate) const B6: Pattern = Pattern {
    id: "B6",
    about: "A loop runs for ever, and nobody stops it",
    here: "`Runner::run_until_complete`; when nothing is left to happen, `run_forever` ends with `RunError::Deadlock`",
    rust: "`Runtime::block_on` the handles of the tasks; a `std::future::pending().await` would hang without an error",
};

pub(crate) const B7: Pattern = Pattern {
    id: "B7",
    about: "A signal of the operating system stops the loop",
    here: "`EventLoop::add_signal_handler` with a callback that calls `stop`; `EventLoop::send_signal` presses CTRL+C",
    rust: "`tokio::signal::ctrl_c()` in a `tokio::select!` with the work",
};

pub(crate) const B7B: Pattern = Pattern {
    id: "B7b",
    about: "The signal comes while the loop is blocked",
    here: "The handler is a callback of the loop, so a `block` delays it: compare its time with that of the signal",
    rust: "`ctrl_c()` is a future: it is not seen while the thread that polls it is blocked",
};

pub(crate) const B8: Pattern = Pattern {
    id: "B8",
    about: "A stop does not wait for the tasks",
    here: "After `stop`: `Runner::cancel` each of `Runner::all_tasks`, `run_until_complete` each, then `Runner::close`",
    rust: "Cancel a `CancellationToken` of tokio-util, then await the handles; a runtime that is dropped drops its tasks midway",
};

pub(crate) const B9: Pattern = Pattern {
    id: "B9",
    about: "A loop that is run twice goes on where it was",
    here: "`Runner::run_until_complete` again: tasks, timers, ready callbacks are kept between two runs",
    rust: "`Runtime::block_on` again on one current-thread runtime: its spawned tasks go on while it runs",
};

pub(crate) const B10: Pattern = Pattern {
    id: "B10",
    about: "That a task has not ended is no error",
    here: "`Runner::all_tasks` and `Executor::pending` say who is left: let the invariant look at them",
    rust: "Keep the `JoinHandle`s and await them: a runtime drops what is left without a word",
};

pub(crate) const B11: Pattern = Pattern {
    id: "B11",
    about: "A blocking sleep between two runs of the loop",
    here: "`Runner::block`: overdue timers queue behind what is ready; in its place `run_until_complete` a task that sleeps",
    rust: "`std::thread::sleep` between two `Runtime::block_on`: nothing of a current-thread runtime happens meanwhile",
};

pub(crate) const B11B: Pattern = Pattern {
    id: "B11b",
    about: "A blocking sleep inside of a task",
    here: "`block`: afterwards all overdue timers fire in one iteration, in the order of their deadlines, behind what is ready",
    rust: "`std::thread::sleep` in a task holds its worker thread; use `tokio::time::sleep`",
};

pub(crate) const B12: Pattern = Pattern {
    id: "B12",
    about: "Between two runs the loop does not run",
    here: "A loop runs only inside of a call of its `Runner`; between two calls time moves by `Runner::block` alone",
    rust: "`tokio::runtime::Handle::try_current` says whether the caller is inside of a runtime",
};

pub(crate) const B13: Pattern = Pattern {
    id: "B13",
    about: "Real clocks are some milliseconds off",
    here: "Virtual time is exact: compare `Runner::time` with `==`, without a tolerance",
    rust: "`tokio::time::pause` for the timers of one runtime; its sockets stay on the real clock",
};

pub(crate) const B14: Pattern = Pattern {
    id: "B14",
    about: "A task is destroyed while it is pending",
    here: "After `close`, `EventLoop::destroy_pending` tells `set_exception_handler` a `Report::TaskDestroyedPending` for each",
    rust: "A runtime that is dropped drops its pending tasks, and reports nothing",
};

pub(crate) const B14B: Pattern = Pattern {
    id: "B14b",
    about: "Cleanup of a task that is destroyed while it is pending",
    here: "Bodies are dropped inside of the run, in the order of their creation: a `Drop` may log, but not await",
    rust: "`Drop` runs wherever the future is dropped, and cannot await: do cleanup that waits before that",
};

pub(crate) const B15: Pattern = Pattern {
    id: "B15",
    about: "A graceful exit: cancel all tasks, run until they have ended",
    here: "`Runner::cancel` each of `Runner::all_tasks`, then `run_until_complete`; the body matches `Err(Exc::Cancelled)`",
    rust: "A `CancellationToken` that each task selects on, then await all handles",
};

pub(crate) const B16: Pattern = Pattern {
    id: "B16",
    about: "A cancellation has no effect before the loop runs",
    here: "`cancel` only asks, and gives `true`; `is_cancelled` follows when the task has had its turn",
    rust: "`JoinHandle::abort` only asks, too: await the handle to know that the task has ended",
};

pub(crate) const B16B: Pattern = Pattern {
    id: "B16b",
    about: "A cancelled task cleans up with awaits, or swallows the cancellation",
    here: "Match `Err(Exc::Cancelled)`, await the cleanup, return it; `Limits::virtual_time_max` ends one who goes on for ever",
    rust: "`abort` leaves no room for that: select on a `CancellationToken`, then await the cleanup",
};

pub(crate) const B17: Pattern = Pattern {
    id: "B17",
    about: "A handler for the wrong class of cancellation error",
    here: "`Exc::Cancelled` is a variant of its own beside `Exc::Raised`: a `match` cannot take one for the other",
    rust: "`JoinError::is_cancelled`, for who joins; the cancelled task itself sees no error that it could catch",
};

pub(crate) const B18: Pattern = Pattern {
    id: "B18",
    about: "All tasks of the loop, in no certain order",
    here: "`EventLoop::all_tasks` and `Runner::all_tasks` give them in the order of their creation",
    rust: "A runtime does not list its tasks: keep their handles in a `Vec`",
};

pub(crate) const B19: Pattern = Pattern {
    id: "B19",
    about: "Waiting until the first has ended, until the first has failed, until all have ended",
    here: "`wait` with a `ReturnWhen` and a timeout gives `Waited::done` and `Waited::pending` in the order of the arguments",
    rust: "`futures::future::select_all`, `try_join_all`, `join_all`, each inside of a `tokio::time::timeout`",
};

pub(crate) const B20: Pattern = Pattern {
    id: "B20",
    about: "A method that is not called counts as true",
    here: "`Future::exception` gives an `Option`: `if let Some(exc) = task.exception()`",
    rust: "No meaning: a method without its call is no `bool`, so that the program does not compile",
};

pub(crate) const B21: Pattern = Pattern {
    id: "B21",
    about: "One task fails, and the others go on",
    here: "Its body gives `Err(Exc::raised(..))`; `gather_results` and `wait` leave the others alone",
    rust: "A `Result` as the output of the task; a panic is caught too, and comes as a `JoinError`",
};

pub(crate) const B22: Pattern = Pattern {
    id: "B22",
    about: "An exception that nobody looks at",
    here: "`Future::exception` or an await retrieves it; else the handler is told `Report::TaskExceptionNeverRetrieved`",
    rust: "A `JoinHandle` that is dropped drops the error as well: join it, or log inside of the task",
};

pub(crate) const B23: Pattern = Pattern {
    id: "B23",
    about: "The results of a set come in any order",
    here: "`Waited::done` is a list in the order of the arguments, and so is what `gather` gives",
    rust: "`join_all` keeps the order of its arguments, a `JoinSet` gives that of the ends",
};

pub(crate) const B24: Pattern = Pattern {
    id: "B24",
    about: "What is pending after a wait is cancelled and ended",
    here: "`cancel` each of `Waited::pending`, then await it, or `run_until_complete` it",
    rust: "`JoinSet::shutdown` aborts all and waits for their ends",
};

pub(crate) const B25: Pattern = Pattern {
    id: "B25",
    about: "Memory is shared without a lock, and an await comes between read and write",
    here: "A sweep finds the lost update: read and write without an await in between, or inside of `Lock::with`",
    rust: "A `tokio::sync::Mutex` that is held over the await, or a `Cell` that is read and written without one in between",
};

pub(crate) const B26: Pattern = Pattern {
    id: "B26",
    about: "Processing that blocks keeps the connection from being served",
    here: "`block` for each message: the peer's ping waits until the CPU is free, and the connection dies",
    rust: "`tokio::task::spawn_blocking` for each message, or a worker thread behind a channel",
};

pub(crate) const B27: Pattern = Pattern {
    id: "B27",
    about: "Processing decoupled from receiving",
    here: "A bounded `Queue` with a worker, a task for each message, or `run_in_executor`; `Queue::len` is the backlog",
    rust: "A `tokio::sync::mpsc` channel with a worker task, a task for each message, or `spawn_blocking`",
};

pub(crate) const B28: Pattern = Pattern {
    id: "B28",
    about: "The receive loop awaits the processing of each message",
    here: "The loop is free, but unread messages fill `TcpConfig::receive_buffer_bytes`, and the ping waits behind them",
    rust: "The same: control frames share the byte stream, so read on in a task of its own",
};

pub(crate) const B29: Pattern = Pattern {
    id: "B29",
    about: "The results of several independent tasks",
    here: "`gather` gives them in the order of the arguments, `as_completed` in that of their ends",
    rust: "`futures::future::join_all`, or `FuturesUnordered` for the order of the ends",
};

pub(crate) const B30: Pattern = Pattern {
    id: "B30",
    about: "A result that is asked for before the end, or again after it",
    here: "`Future::result` is `None` before the end and the value after it, as often as it is asked",
    rust: "`JoinHandle::is_finished`, then await it; it gives its output once",
};

pub(crate) const B31: Pattern = Pattern {
    id: "B31",
    about: "The future of a thread is another thing than that of a loop",
    here: "`EventLoop::run_coroutine_threadsafe` gives a `Future` that the other thread asks with `is_done` and `result`",
    rust: "`tokio::runtime::Handle::block_on` in the other thread, or a `std::sync::mpsc` channel to it",
};
