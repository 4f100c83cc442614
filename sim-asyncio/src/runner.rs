//! A loop as the program outside of it drives it: run, stop, run again.

use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Executor, Instant, RunError};

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::handle::Handle;
use crate::loop_config::LoopConfig;
use crate::signal::{Interrupt, Signal};
use crate::task::{AnyTask, Task};

/// The main thread of a program: it owns the executor, and is outside of the loop while that does not run.
///
/// ```
/// use sim_asyncio::{Runner, sleep};
/// use sim_executor::{Executor, ProductionOrder};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let task = asyncio.create_task("worker", async {
///     sleep(Duration::from_secs(2)).await?;
///     Ok(42)
/// });
/// assert_eq!(asyncio.run_until_complete(&task).unwrap(), Ok(42));
/// assert_eq!(asyncio.time().to_string(), "2.000");
/// ```
pub struct Runner<'run> {
    executor: &'run mut Executor,
    event_loop: EventLoop,
}

/// Why a loop came back before it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// `stop` was called.
    #[error("RuntimeError: Event loop stopped before Future completed.")]
    Stopped,
    /// The loop was closed.
    #[error("RuntimeError: Event loop is closed")]
    Closed,
    /// It runs already, and was to be run by a task or callback of its own.
    #[error("RuntimeError: This event loop is already running")]
    AlreadyRunning,
    /// It made as many iterations as [`LoopConfig::iterations_max`] allows.
    #[error("the loop has made as many iterations as LoopConfig::iterations_max allows")]
    Livelock,
    /// A signal came for which the loop has no handler: `KeyboardInterrupt`.
    #[error("KeyboardInterrupt: {0}")]
    Interrupted(Signal),
    /// A task raised `KeyboardInterrupt` or `SystemExit`, which end the run of a loop at once.
    #[error(transparent)]
    Raised(Exc),
    /// The run cannot go on: a deadlock, a limit, a panic.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<RunnerError> for Exc {
    fn from(error: RunnerError) -> Self {
        match error {
            RunnerError::Stopped => {
                Exc::raised("RuntimeError", "Event loop stopped before Future completed.")
            }
            RunnerError::Closed => Exc::raised("RuntimeError", "Event loop is closed"),
            RunnerError::AlreadyRunning => Exc::raised("RuntimeError", "This event loop is already running"),
            RunnerError::Interrupted(signal) => Exc::raised("KeyboardInterrupt", signal),
            RunnerError::Raised(exc) => exc,
            error => Exc::raised("RuntimeError", error),
        }
    }
}

impl<'run> Runner<'run> {
    /// A new loop with the default [`LoopConfig`] on the node `main`.
    #[must_use]
    pub fn new(executor: &'run mut Executor) -> Self {
        Runner::with_config(executor, LoopConfig::default())
    }

    /// A new loop on the node `main`.
    #[must_use]
    pub fn with_config(executor: &'run mut Executor, config: LoopConfig) -> Self {
        let event_loop = executor.enter(|| EventLoop::new(config));
        Runner { executor, event_loop }
    }

    /// The loop.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    /// The executor.
    #[must_use]
    pub fn executor(&mut self) -> &mut Executor {
        self.executor
    }

    /// The virtual time.
    #[must_use]
    pub fn time(&self) -> Instant {
        self.executor.now()
    }

    /// Calls `function` inside the run but in no task. Whatever touches futures between two runs has to be done here.
    pub fn enter<R>(&mut self, function: impl FnOnce(&EventLoop) -> R) -> R {
        let event_loop = &self.event_loop;
        self.executor.enter(|| function(event_loop))
    }

    /// As [`EventLoop::create_task`].
    #[track_caller]
    pub fn create_task<T, B>(&mut self, name: impl Into<Rc<str>>, body: B) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let at = Location::caller();
        self.enter(|event_loop| event_loop.create_task_at(name.into(), body, at))
    }

    /// As [`EventLoop::call_soon`].
    pub fn call_soon(&mut self, callback: impl FnOnce() + 'static) -> Handle {
        self.enter(|event_loop| event_loop.call_soon(callback))
    }

    /// As [`EventLoop::call_later`].
    pub fn call_later(&mut self, delay: Duration, callback: impl FnOnce() + 'static) -> Handle {
        self.enter(|event_loop| event_loop.call_later(delay, callback))
    }

    /// As [`Future::cancel`], between two runs.
    pub fn cancel(&mut self, task: &AnyTask) -> bool {
        self.enter(|_| task.cancel())
    }

    /// The tasks that have not ended, in the order of their creation.
    #[must_use]
    pub fn all_tasks(&self) -> Vec<AnyTask> {
        self.event_loop.all_tasks()
    }

    /// Runs until the future is settled: one iteration longer than its last step. All other tasks stay as they are.
    ///
    /// # Errors
    /// When the loop comes back before: see [`RunnerError`]. What the future itself gives is inside.
    pub fn run_until_complete<T>(
        &mut self,
        future: impl Into<Future<T>>,
    ) -> Result<Result<T, Exc>, RunnerError>
    where
        T: Clone + 'static,
    {
        let future = future.into();
        let core = Rc::clone(&future.core);
        let stop = move || {
            // What has ended the run already is not to end the next one too.
            if !core.has_ended_the_run() {
                sim_executor::stop();
            }
        };
        let stop = self.enter(|_| future.add_done_callback(stop));
        let ran = self.run_forever();
        self.enter(|_| future.remove_done_callback(stop));
        ran?;
        future.result().ok_or(RunnerError::Stopped)
    }

    /// Makes a task of a body, and runs until it has ended: `run_until_complete` of a coroutine. A closed loop drops the body
    /// before it has begun.
    ///
    /// # Errors
    /// As [`Runner::run_until_complete`].
    pub fn run_coroutine<T, B>(
        &mut self,
        name: impl Into<Rc<str>>,
        body: B,
    ) -> Result<Result<T, Exc>, RunnerError>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        if self.event_loop.is_closed() {
            self.enter(|_| drop(body)); // its own code may use the run
            return Err(RunnerError::Closed);
        }
        let task = self.create_task(name, body);
        self.run_until_complete(task)
    }

    /// Runs until somebody calls `stop`.
    ///
    /// # Errors
    /// When that can no longer happen, or the run cannot go on: see [`RunnerError`].
    pub fn run_forever(&mut self) -> Result<(), RunnerError> {
        if self.event_loop.is_closed() {
            return Err(RunnerError::Closed);
        }
        let ran = self.executor.run_forever();
        if self.event_loop.is_exhausted() {
            return Err(RunnerError::Livelock);
        }
        match self.enter(EventLoop::take_interrupt) {
            Some(Interrupt::Signal(signal)) => Err(RunnerError::Interrupted(signal)),
            Some(Interrupt::Raised(exc)) => Err(RunnerError::Raised(exc)),
            None => Ok(ran?),
        }
    }

    /// Runs for `duration`: `call_later(duration, stop)`, then `run_forever`.
    ///
    /// # Errors
    /// As [`Runner::run_forever`].
    pub fn run_for(&mut self, duration: Duration) -> Result<(), RunnerError> {
        let timer = self.call_later(duration, sim_executor::stop);
        let ran = self.run_forever();
        timer.cancel();
        ran
    }

    /// Blocks for `duration` while the loop does not run: `time.sleep` between two runs. The other nodes go on.
    ///
    /// # Errors
    /// At a limit, or when a task of another node panics.
    pub fn block(&mut self, duration: Duration) -> Result<(), RunnerError> {
        self.event_loop.core().pause(true);
        let blocked = self.executor.block(duration);
        self.event_loop.core().pause(false);
        Ok(blocked?)
    }

    /// Closes the loop: as [`EventLoop::close`]. For a new one make another runner.
    pub fn close(&mut self) {
        self.enter(EventLoop::close);
    }

    /// Destroys the tasks that have not ended: as [`EventLoop::destroy_pending`].
    pub fn destroy_pending(&mut self) {
        self.enter(EventLoop::destroy_pending);
    }
}
