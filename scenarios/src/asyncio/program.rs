//! What the programs share: a loop, the main thread beside it, a log.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, Node, event, time};
use sim_asyncio::{Exc, Runner, RunnerError, Signal, sleep};
use sim_explorer::{Violation, ensure};

/// A loop whose complaints become events that name the task they are about.
pub(super) fn start(executor: &mut Executor) -> Runner<'_> {
    let mut asyncio = Runner::new(executor);
    complain(&mut asyncio);
    asyncio
}

/// Lets a loop's complaints become events that name the task they are about.
pub(super) fn complain(asyncio: &mut Runner<'_>) {
    asyncio.enter(|event_loop| {
        event_loop.set_exception_handler(|report| {
            event!("{} exception_handler: {report}", report.task().unwrap_or("loop"));
        });
    });
}

/// Logs an event of the main thread, while the loop does not run.
pub(super) fn say(asyncio: &mut Runner<'_>, what: &str) {
    asyncio.enter(|_| event!("{what}"));
}

/// A run of the loop that could not go on breaks what the program promises.
pub(super) fn ran<T>(result: Result<T, RunnerError>) -> Result<T, Violation> {
    result.map_err(|error| match error {
        RunnerError::Run(error) => Violation::Run(error),
        error => Violation::new(error),
    })
}

/// What a task gave that must not fail.
pub(super) fn done<T>(result: Result<Result<T, Exc>, RunnerError>) -> Result<T, Violation> {
    ran(result)?.map_err(Violation::new)
}

/// A user who presses CTRL+C at some time.
pub(super) fn ctrl_c(asyncio: &mut Runner<'_>, at: Duration) {
    asyncio.enter(|event_loop| {
        let process = event_loop.clone();
        drop(Node::named("user").spawn_named("user", async move {
            time::sleep(at).await;
            event!("SIGINT arrives");
            process.send_signal(Signal::Interrupt);
        }));
    });
}

/// Somebody who ends the process at some time: whatever the loop does, its run comes back.
pub(super) fn time_limit(asyncio: &mut Runner<'_>, at: Duration) {
    asyncio.enter(|event_loop| {
        let process = event_loop.clone();
        drop(Node::named("harness").spawn_named("harness", async move {
            time::sleep(at).await;
            event!("virtual time limit {}.{} s", at.as_secs(), at.subsec_millis() / 100);
            process.send_signal(Signal::Terminate);
        }));
    });
}

/// Runs the loop for some time.
pub(super) fn pause(asyncio: &mut Runner<'_>, duration: Duration) -> Result<(), Violation> {
    let pause = asyncio.create_task("pause", sleep(duration));
    done(asyncio.run_until_complete(&pause))
}

/// A loop that is about to be closed has no task left.
pub(super) fn none_pending(asyncio: &Runner<'_>) -> Result<(), Violation> {
    let pending = asyncio.all_tasks();
    ensure!(pending.is_empty(), "the loop is closed with {pending:?} pending");
    Ok(())
}

/// The names of tasks that are given none: `Task-1`, `Task-2` and so on.
#[derive(Clone, Default)]
pub(super) struct TaskNames(Rc<Cell<u64>>);

impl TaskNames {
    pub(super) fn next(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("Task-{}", self.0.get())
    }

    /// How many names were given.
    pub(super) fn count(&self) -> u64 {
        self.0.get()
    }
}

/// A boolean as Python prints it.
pub(super) const fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// The virtual time since the start of the run.
pub(super) fn since_start(asyncio: &Runner<'_>) -> Duration {
    asyncio.time().saturating_duration_since(Instant::from_nanos(0))
}

/// Seconds.
pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Milliseconds.
pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
