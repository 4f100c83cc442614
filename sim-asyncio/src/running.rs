//! Whether a loop runs, for those who need one that does or one that does not.

use sim_executor::context;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::loops::Loops;
use crate::runner::RunnerError;

/// Somebody needs a loop that runs, and is in no task or callback of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("RuntimeError: no running event loop")]
pub struct NoRunningLoop;

impl From<NoRunningLoop> for Exc {
    fn from(_: NoRunningLoop) -> Self {
        Exc::raised("RuntimeError", "no running event loop")
    }
}

impl EventLoop {
    /// The loop that runs: `asyncio.get_running_loop`.
    ///
    /// ```
    /// use sim_asyncio::{EventLoop, Runner};
    /// use sim_executor::{Executor, ProductionOrder};
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let outside = asyncio.enter(|_| EventLoop::running().map(drop));
    /// assert_eq!(outside.unwrap_err().to_string(), "RuntimeError: no running event loop");
    /// let task = asyncio.create_task("inside", async { Ok(EventLoop::running()?.is_running()) });
    /// assert_eq!(asyncio.run_until_complete(&task).unwrap(), Ok(true));
    /// assert!(!asyncio.event_loop().is_running());
    /// ```
    ///
    /// # Errors
    /// Outside of tasks and callbacks, as between two runs.
    pub fn running() -> Result<Self, NoRunningLoop> {
        if !context::in_run() || context::current_task().is_none() {
            return Err(NoRunningLoop);
        }
        Some(EventLoop::current()).filter(EventLoop::is_running).ok_or(NoRunningLoop)
    }

    /// Whether it runs, if only to wait: not before its first run, between two runs, or after the last.
    #[must_use]
    pub fn is_running(&self) -> bool {
        if self.is_closed()
            || self.core().is_paused()
            || !self.core().thread().is_running()
            || !context::in_run()
        {
            return false;
        }
        let is_current = Loops::of_run().loop_of(self.node()).is_some_and(|other| other.is(self));
        is_current && context::current_task().is_some()
    }

    /// As [`Runner::run_until_complete`](crate::Runner::run_until_complete) in the thread that awaits this: for a loop with
    /// [`LoopConfig::waits_for_run`](crate::LoopConfig::waits_for_run), on its own node.
    ///
    /// # Errors
    /// When it runs already, as any loop does for its own tasks and callbacks; when it is closed, or is stopped before.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn run_until_complete<T>(
        &self,
        future: impl Into<Future<T>>,
    ) -> Result<Result<T, Exc>, RunnerError>
    where
        T: Clone + 'static,
    {
        if self.is_closed() {
            return Err(RunnerError::Closed);
        }
        if self.is_running() {
            return Err(RunnerError::AlreadyRunning);
        }
        let (future, stopped) = (future.into(), self.clone());
        let stop = future.add_done_callback(move || stopped.stop());
        self.run_forever().await;
        future.remove_done_callback(stop);
        future.result().ok_or(RunnerError::Stopped)
    }
}
