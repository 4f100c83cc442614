//! What owns a run, from its start to its report.

mod blame;
mod event_loop;
mod failure;
mod follow;
mod judged;
mod leaked;
mod outcome;
mod pending_table;
mod poll;
mod probe;
mod tear_down;
mod world;

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::choice::{RunEnd, Source};
use crate::clock::Instant;
use crate::config::Config;
use crate::context::{self, Entered, JoinError, JoinHandle, Node};
use crate::run::{IN_A_REPORT, PendingTask, Run, RunId};
use crate::task::TaskStats;
use crate::trace::Trace;

pub use blame::{AtTenTimes, Blame};
use event_loop::{Exit, Goal};
pub use leaked::Leaked;
pub use outcome::{Deadlock, Outcome, Report, RunError};
pub use pending_table::PendingTable;
use tear_down::Afterwards;
pub use world::World;

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
    #[cfg(feature = "tracing")]
    capture: tracing_core::Dispatch,
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
    pub fn with_boxed_source(config: Config, source: Box<dyn Source>) -> Self {
        Executor::begin(&config, source, None)
    }

    /// A run, which uses the memory of one that is as new.
    fn begin(config: &Config, source: Box<dyn Source>, renewed: Option<Rc<Run>>) -> Self {
        let tag = context::next_run();
        let id = RunId::of(tag);
        let mut run = renewed.unwrap_or_else(|| Rc::new(Run::new(tag, id)));
        let only = Rc::get_mut(&mut run).expect("a run that has not begun is nobody else's");
        only.configure(tag, id, config, source);
        Executor {
            run,
            #[cfg(feature = "tracing")]
            capture: tracing_core::Dispatch::new(crate::Capture::new(config.tracing_level)),
            finished: false,
        }
    }

    /// Makes the run the current one.
    ///
    /// # Panics
    /// Inside a run.
    fn entered(&self) -> Entered {
        Entered::new(
            &self.run,
            #[cfg(feature = "tracing")]
            &self.capture,
        )
    }

    /// The same, even inside another run.
    fn entered_even_inside(&self) -> Entered {
        Entered::even_inside(
            &self.run,
            #[cfg(feature = "tracing")]
            &self.capture,
        )
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
        let entered = self.entered();
        let (task, handle) = context::spawn_root(future, at);
        self.run.core_mut().polling.set_awaited(Some(task));
        let exit = if self.run.core().polling.tasks().get(task).is_some() {
            self.run_loop(Goal::End)
        } else {
            Err(self.failure())
        };
        let exit = match exit {
            Ok(Exit::Reached) => Ok(output_of(handle)),
            // Inside the run, so that the task is nobody's from here on.
            Ok(Exit::Stopped) => Err((handle, RunError::Stopped { at: self.run.core().time.now() })),
            Err(error) => Err((handle, error)),
        };
        let output = match exit {
            Ok(output) => output.map_err(|error| self.root_panic(&error, at)),
            Err((handle, error)) => {
                drop(handle);
                Err(error)
            }
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
        let _entered = self.entered();
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
        let _entered = self.entered();
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
        let _entered = self.entered();
        let until = self.run.core().time.now() + duration;
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
        let _entered = self.entered();
        let main = context::node();
        let until = {
            let mut core = self.run.core_mut();
            core.hold_node(main, duration);
            core.free_at(main.0)
        };
        self.guarded(|| {
            while self.run.core().polling.ready().is_cpu_held(main.0) {
                let turn = self.poll_ready(Goal::Time(until));
                self.exit_of(turn)?;
            }
            Ok(())
        })
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
        let _entered = self.entered();
        function()
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.run.core().time.now()
    }

    /// The rolling hash of all that has happened.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.run.core().decisions.hash_value()
    }

    /// The tasks that have not ended, in the order of their spawns.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingTask> {
        self.run.pending()
    }

    /// The task of this run that was last woken from a real thread, if one was. That counts for nothing in a run.
    #[must_use]
    pub fn woken_from_outside(&self) -> Option<Rc<str>> {
        let task = context::escaped_wake(self.run.id())?;
        let mut core = self.run.core_mut();
        let lineage = core.polling.tasks().get(task)?.lineage();
        Some(core.decisions.lineages_mut().path(lineage))
    }

    /// How often each task ran, and how long it waited for that, if [`Config::stats`] is set: the ended ones in the order of
    /// their ends, then the others in the order of their spawns.
    #[must_use]
    pub fn stats(&self) -> Vec<TaskStats> {
        self.run.core_mut().stats()
    }

    /// A copy of what was traced so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.run.core().log.trace().clone()
    }

    /// Ends the run: drops what is left of it, in the order of the spawns, and reports.
    ///
    /// # Panics
    /// Inside a run.
    #[must_use]
    pub fn finish(mut self, outcome: Outcome) -> Report {
        self.report(outcome, Afterwards::Drop)
    }

    /// Ends the run and drops what is left of it.
    fn report(&mut self, outcome: Outcome, afterwards: Afterwards) -> Report {
        self.assert_outside();
        let outcome = self.judged(outcome);
        let mut report = {
            let stats = self.stats();
            let source = self.run.guard(IN_A_REPORT, || self.run.describe_source()).unwrap_or_default();
            let mut core = self.run.core_mut();
            Report {
                outcome,
                hash: core.decisions.hash_value(),
                ended_at: core.time.now(),
                polls: core.polling.polls(),
                decisions: core.decisions.count(),
                misaligned: core.decisions.misaligned(),
                source,
                pending: Vec::new(),
                cpus_held: core.take_cpus_held(),
                nodes: core.nodes.reports(),
                survived: core.verdict.take_survived(),
                panics: core.verdict.panics_mut().take(),
                panicked_in: core.verdict.take_panicked_in(),
                properties: core.properties.all(),
                varied: core.log.take_varied(),
                stats,
                trace: core.log.take_trace(),
                recording: core.decisions.take_recording(),
            }
        };
        report.pending = self.pending_at_end(&mut report.outcome);
        self.tear_down(afterwards);
        report.survived.append(&mut self.run.core_mut().verdict.take_survived());
        self.look_whether_failed(&mut report);
        self.end_source(&mut report);
        report
    }

    /// Something has failed since the outcome was told: in what was dropped, or in the source.
    fn look_whether_failed(&self, report: &mut Report) {
        if report.outcome.is_done() && self.run.core().verdict.has_failed() {
            report.outcome = self.failure().into();
        }
    }

    fn end_source(&self, report: &mut Report) {
        let end = RunEnd {
            has_failed: !report.outcome.is_done(),
            hash: report.hash,
            decisions: report.decisions,
            recording: report.recording.as_ref(),
            resources: &self.run.core_mut().facts.take_names(),
        };
        self.run.guard(IN_A_REPORT, || self.run.end_source(&end));
        self.look_whether_failed(report);
    }

    /// The tasks that had not ended. Unless the run had too much to do, each says all that it waits for, also in the outcome.
    fn pending_at_end(&self, outcome: &mut Outcome) -> Vec<PendingTask> {
        let leaves_tasks_waiting = match outcome {
            Outcome::Done => false,
            Outcome::Failed { .. } => true,
            Outcome::Error(error) => error.leaves_tasks_waiting() || self.is_ended_at_poll(error),
        };
        if !leaves_tasks_waiting || self.finished {
            return self.run.guard(IN_A_REPORT, || self.run.pending()).unwrap_or_default();
        }
        let _entered = (!context::in_run()).then(|| self.entered());
        let stands_still = matches!(outcome, Outcome::Error(RunError::Deadlock(_)));
        let pending = self.run.guard(IN_A_REPORT, || self.probe(stands_still)).unwrap_or_default();
        if let Outcome::Error(error) = outcome {
            error.tell_pending(&pending);
        }
        pending
    }

    /// Whether the run was ended after a number of polls, and it is to be known where its tasks were.
    fn is_ended_at_poll(&self, error: &RunError) -> bool {
        let is_at_poll = matches!(error, RunError::Limit { limit, .. } if limit.is_of_polls());
        is_at_poll && self.run.awaits().is_some()
    }

    /// # Panics
    /// Inside a run.
    fn assert_outside(&self) {
        assert!(!context::in_run(), "a run cannot be ended inside a run: finish it where no other goes on");
    }
}

/// The output of a task that has ended.
fn output_of<T: 'static>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    match Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the task that block_on ran has not ended"),
    }
}
