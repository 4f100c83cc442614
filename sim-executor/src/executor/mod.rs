//! What owns a run, from its start to its report.

mod config;
mod event_loop;
mod outcome;
mod poll;

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::choice::{Recording, RunInfo, Source};
use crate::clock::Instant;
use crate::context::{
    self, Core, Entered, JoinError, JoinHandle, Node, Operations, PendingTask, Run, RunId, TaskPanic,
};
use crate::task::TaskStats;
use crate::trace::{Trace, TraceLevel};

pub use config::Config;
use event_loop::{Exit, Goal};
pub use outcome::{Deadlock, Outcome, Report, RunError};

/// One run: tasks on a virtual clock, whose every decision is asked of a [`Source`].
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, spawn, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(KeyedRandom::new(7));
/// let sum = executor.block_on(async {
///     let slow = spawn(async {
///         time::sleep(Duration::from_secs(1)).await;
///         2
///     });
///     let quick = spawn(async { 3 });
///     slow.await.unwrap() + quick.await.unwrap()
/// });
/// assert_eq!(sum.unwrap(), 5);
/// assert_eq!(executor.now().to_string(), "1.000");
/// ```
pub struct Executor {
    run: Rc<Run>,
    finished: bool,
}

impl Executor {
    /// A run with the default [`Config`].
    #[must_use]
    pub fn new(source: impl Source + 'static) -> Self {
        Executor::with_config(Config::default(), source)
    }

    /// A run.
    #[must_use]
    pub fn with_config(config: Config, source: impl Source + 'static) -> Self {
        Executor::with_boxed_source(config, Box::new(source))
    }

    /// A run with a source whose type is known only when the program runs.
    #[must_use]
    pub fn with_boxed_source(config: Config, mut source: Box<dyn Source>) -> Self {
        source.begin(&RunInfo { recorded: config.record });
        let needs = source.needs();
        let mut core = Core::new(config.limits, needs);
        core.trace_level = config.trace;
        core.poll_cost = config.poll_cost;
        core.names_polls |= config.record;
        core.names_points |= config.record;
        core.watches_polls = core.names_points
            || config.stats
            || config.trace == TraceLevel::All
            || !config.poll_cost.is_zero();
        core.recording = config.record.then(|| Recording { batches: needs.batches, ..Recording::default() });
        core.stats = config.stats.then(Vec::new);
        let run = Run {
            id: RunId::next(),
            core: RefCell::new(core),
            source: RefCell::new(source),
            devices: RefCell::new(Vec::new()),
            sleeps: Operations::new(),
            #[cfg(feature = "tracing")]
            capture: tracing_core::Dispatch::new(crate::Capture::new(config.tracing_level)),
        };
        Executor { run: Rc::new(run), finished: false }
    }

    /// Runs until `future` is ready, as the task `main` of the node `main`. The other tasks stay as they are, and go on at
    /// the next call, as those of an asyncio loop do after `run_until_complete`.
    ///
    /// # Errors
    /// When the future cannot come to its end: a deadlock, a limit, a call of [`stop`](crate::stop), or a panic, of the
    /// future itself or of a task whose handle nobody awaits.
    ///
    /// # Panics
    /// Inside a run.
    #[track_caller]
    pub fn block_on<F>(&mut self, future: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
    {
        let at = Location::caller();
        let entered = Entered::new(&self.run);
        let (task, handle) = context::spawn_root(future, at);
        self.run.core.borrow_mut().awaited = Some(task);
        let exit = self.run_loop(Goal::End);
        let output = match exit {
            Ok(Exit::Reached) => output_of(handle).map_err(|error| self.root_panic(error, at)),
            Ok(Exit::Stopped) => Err(RunError::Stopped { at: self.run.core.borrow().now }),
            Err(error) => Err(error),
        };
        drop(entered);
        output
    }

    /// Runs until nothing is left to happen: no task is ready, and no timer or device waits for its time.
    ///
    /// # Errors
    /// At a limit, or when a task panics whose handle nobody awaits. That tasks wait for ever is no error here: see
    /// [`Executor::pending`].
    ///
    /// # Panics
    /// Inside a run.
    pub fn run_until_idle(&mut self) -> Result<(), RunError> {
        let _entered = Entered::new(&self.run);
        self.run_loop(Goal::Idle).map(drop)
    }

    /// Runs until somebody calls [`stop`](crate::stop).
    ///
    /// # Errors
    /// When that can no longer happen, since nothing is left to happen (a deadlock), and as [`Executor::block_on`].
    ///
    /// # Panics
    /// Inside a run.
    pub fn run_forever(&mut self) -> Result<(), RunError> {
        let _entered = Entered::new(&self.run);
        self.run_loop(Goal::Stop).map(drop)
    }

    /// Runs all that is due within `duration`, and leaves the clock there.
    ///
    /// # Errors
    /// At a limit, or when a task panics whose handle nobody awaits.
    ///
    /// # Panics
    /// Inside a run.
    pub fn run_for(&mut self, duration: Duration) -> Result<(), RunError> {
        let _entered = Entered::new(&self.run);
        let until = self.run.core.borrow().now + duration;
        self.run_loop(Goal::Time(until)).map(drop)
    }

    /// Holds the CPU of the node `main` for `duration` while no call runs its tasks, as `time.sleep` between two runs of
    /// an asyncio loop does. The other nodes go on.
    ///
    /// # Errors
    /// At a limit, or when a task panics whose handle nobody awaits.
    ///
    /// # Panics
    /// Inside a run.
    pub fn block(&mut self, duration: Duration) -> Result<(), RunError> {
        let _entered = Entered::new(&self.run);
        let until = {
            let mut core = self.run.core.borrow_mut();
            if core.ready.is_cpu_held(0) {
                core.nodes[0].ahead
            } else {
                core.run_cpu_ahead(0, duration);
                core.hold_if_ahead(0);
                core.nodes[0].ahead
            }
        };
        while self.run.core.borrow().ready.is_cpu_held(0) {
            let turn = self.poll_ready(Goal::Time(until));
            self.exit_of(turn)?;
        }
        Ok(())
    }

    /// Spawns a task on the node `main`, to run at the next call.
    ///
    /// # Panics
    /// Inside a run.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let at = Location::caller();
        self.enter(|| context::on_node(context::node(), None, future, at))
    }

    /// The node with that name, which is created if there is none.
    ///
    /// # Panics
    /// Inside a run.
    #[must_use]
    pub fn node(&mut self, name: &str) -> Node {
        self.enter(|| Node::named(name))
    }

    /// Calls `function` inside the run but in no task: it may spawn, draw, and look at the time.
    ///
    /// # Panics
    /// Inside a run.
    pub fn enter<R>(&mut self, function: impl FnOnce() -> R) -> R {
        let _entered = Entered::new(&self.run);
        function()
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.run.core.borrow().now
    }

    /// The rolling hash of all that has happened.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.run.core.borrow().hash.value()
    }

    /// The tasks that have not ended, in the order of their spawns.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingTask> {
        self.run.pending()
    }

    /// How often each task ran, and how long it waited for that: the ended ones (if [`Config::stats`]) in the order of
    /// their ends, then the others in the order of their spawns.
    #[must_use]
    pub fn stats(&self) -> Vec<TaskStats> {
        let mut core = self.run.core.borrow_mut();
        let mut stats = core.stats.clone().unwrap_or_default();
        stats.extend(core.stats_of_alive());
        stats
    }

    /// A copy of what was traced so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.run.core.borrow().trace.clone()
    }

    /// Ends the run: drops what is left of it, in the order of the spawns, and reports.
    ///
    /// # Panics
    /// Inside a run.
    #[must_use]
    pub fn finish(mut self, outcome: Outcome) -> Report {
        let mut report = {
            let pending = self.run.pending();
            let stats = self.stats();
            let mut core = self.run.core.borrow_mut();
            Report {
                outcome,
                hash: core.hash.value(),
                ended_at: core.now,
                polls: core.polls,
                decisions: core.decisions,
                misaligned: core.misaligned,
                source: self.run.source.borrow().describe(),
                pending,
                nodes: core.node_reports(),
                survived: std::mem::take(&mut core.survived),
                stats,
                trace: std::mem::take(&mut core.trace),
                recording: core.recording.take(),
            }
        };
        self.tear_down();
        let unobserved = self.run.core.borrow_mut().panic.take();
        if let (Some(panic), true) = (unobserved, report.outcome.is_done()) {
            report.outcome = Outcome::from(RunError::Panicked(panic));
        }
        report
    }

    /// The panic of the future that `block_on` ran.
    fn root_panic(&self, error: JoinError, at: &'static Location<'static>) -> RunError {
        match error {
            JoinError::Cancelled { .. } => RunError::Stopped { at: self.now() },
            JoinError::Panicked { lineage, message, location, .. } => {
                RunError::Panicked(TaskPanic { lineage: lineage.into(), spawned_at: at, message, location })
            }
        }
    }

    /// Drops all tasks and devices inside the run, so that their own code finds it as it was.
    fn tear_down(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        // A panic inside a run that unwinds through its executor finds the run current.
        let _entered = (!context::in_run()).then(|| Entered::new(&self.run));
        self.run.core.borrow_mut().is_over = true;
        self.drop_tasks();
        let programs: Vec<_> = {
            let mut core = self.run.core.borrow_mut();
            core.nodes.iter_mut().map(|node| node.program.take()).collect()
        };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(programs)));
        let devices = std::mem::take(&mut *self.run.devices.borrow_mut());
        let _ = catch_unwind(AssertUnwindSafe(|| drop(devices)));
        let timers = {
            let mut core = self.run.core.borrow_mut();
            std::mem::replace(&mut core.timers, crate::EventQueue::new(0))
        };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(timers)));
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.tear_down();
    }
}

/// The output of a task that has ended.
fn output_of<T: 'static>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    match Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the task that block_on ran has not ended"),
    }
}
