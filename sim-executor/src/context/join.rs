//! The handle of a task: to wait for its output, and to abort it.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use super::waker::own_task;
use super::{try_with, with};
use crate::choice::TaskId;
use crate::run::{Ended, Joined};
use crate::task::Failure;

/// Why a task has no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The task was aborted: its future was dropped at its await point.
    #[error("{lineage} was cancelled")]
    Cancelled {
        /// The task's path of names.
        lineage: String,
    },
    /// The task panicked.
    #[error("{lineage} panicked: {message}")]
    Panicked {
        /// The task's path of names.
        lineage: String,
        /// The panic's message.
        message: String,
        /// `file:line:column` of the panic, if a panic hook noted it.
        location: Option<String>,
        /// What was thrown.
        payload: Thrown,
    },
}

/// What a panic has thrown.
#[derive(Debug)]
pub struct Thrown(Mutex<Box<dyn Any + Send>>);

impl Thrown {
    /// The payload, for `std::panic::resume_unwind`.
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

// As tokio's, so that `?` turns it into an error that may be sent. The lock of `Thrown` is for that alone.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<JoinError>();
};

impl JoinError {
    #[cold]
    fn new(lineage: String, failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => JoinError::Cancelled { lineage },
            Failure::Panicked { message, location, payload } => {
                JoinError::Panicked { lineage, message, location, payload: Thrown(Mutex::new(payload)) }
            }
        }
    }

    /// Whether the task was aborted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, JoinError::Cancelled { .. })
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, JoinError::Panicked { .. })
    }
}

/// Waits for a task's output when awaited. Dropping it detaches the task, which goes on.
///
/// A panic of the task is the joiner's to see; if the handle is dropped, or kept and never awaited, the panic fails the
/// run.
#[derive(Debug)]
pub struct JoinHandle<T> {
    task: TaskId,
    taken: bool,
    output: PhantomData<fn() -> T>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(task: TaskId) -> Self {
        JoinHandle { task, taken: false, output: PhantomData }
    }

    /// The task.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.task
    }

    /// The task's path of names; empty once its output was taken.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn name(&self) -> Rc<str> {
        with(|run| {
            let mut core = run.core_mut();
            let lineage = core.polling.tasks().get(self.task).map(|slot| slot.lineage());
            lineage.map_or_else(|| "".into(), |lineage| core.decisions.lineages_mut().path(lineage))
        })
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        try_with(|run| run.core().has_ended(self.task)).unwrap_or(true)
    }

    /// Asks for the task's cancellation, as [`AbortHandle::abort`] does.
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { task: self.task }
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "a JoinHandle was polled after it had given the output");
        let task = self.task;
        let own = own_task(context.waker());
        assert!(own != Some(task), "a task awaits its own handle, and would wait for ever");
        match with(|run| run.core_mut().join(task, own, context.waker())) {
            Joined::Waiting(replaced) => {
                drop(replaced); // with nothing borrowed: a foreign waker may run code
                Poll::Pending
            }
            Joined::Ended(ended) => {
                self.taken = true;
                Poll::Ready(match ended {
                    Ended::Output(output) => Ok(output),
                    Ended::Failed { lineage, failure } => Err(JoinError::new(lineage, failure)),
                })
            }
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.taken {
            detach(self.task);
        }
    }
}

/// Nobody will ask for the task's output.
fn detach(task: TaskId) {
    let ended = try_with(|run| run.core_mut().detach(task));
    drop(ended); // with nothing borrowed: the output's and a foreign waker's own code may run
}

/// Aborts a task; does not keep it, and can be cloned.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    task: TaskId,
}

impl AbortHandle {
    /// Asks for the task's cancellation. Nothing happens at once: the task becomes ready, and when its turn comes its
    /// future is dropped at its await point instead of being polled. A task that has not begun never will; for one that
    /// has ended nothing changes.
    pub fn abort(&self) {
        try_with(|run| run.core_mut().cancel(self.task));
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        try_with(|run| run.core().has_ended(self.task)).unwrap_or(true)
    }
}
