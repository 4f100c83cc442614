//! The handle of a task: to wait for its output, and to abort it.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use super::report::JOIN;
use super::run::Core;
use super::{try_with, with};
use crate::choice::TaskId;
use crate::task::{Failure, Joiner, State};

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
            let mut core = run.core.borrow_mut();
            let lineage = core.tasks.get(self.task).map(|slot| slot.lineage);
            lineage.map_or_else(|| "".into(), |lineage| core.lineages.path(lineage))
        })
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        try_with(|run| run.core.borrow().tasks.get(self.task).is_none_or(|slot| slot.state == State::Ended))
            .unwrap_or(true)
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
        let (polled, replaced) = with(|run| {
            let mut core = run.core.borrow_mut();
            assert!(core.current != Some(task), "a task awaits its own handle, and would wait for ever");
            let slot = core.tasks.get_mut(task).expect("a task is kept until its handle is gone");
            if slot.state == State::Ended {
                return (Poll::Ready(core.take_output(task)), Joiner::Nobody);
            }
            let joiner = match run.own_task(&core, context.waker()) {
                Some(own) => Joiner::Task(own),
                None => Joiner::Foreign(context.waker().clone()),
            };
            core.wait_at(JOIN, u64::from(task.index) + 1);
            let slot = core.tasks.at_mut(task.index);
            (Poll::Pending, std::mem::replace(&mut slot.joiner, joiner))
        });
        drop(replaced); // with nothing borrowed: a foreign waker may run code
        self.taken = polled.is_ready();
        polled
    }
}

impl Core {
    /// What came of a task that has ended; the task is gone then.
    #[inline]
    fn take_output<T: 'static>(&mut self, task: TaskId) -> Result<T, JoinError> {
        let slot = self.tasks.at_mut(task.index);
        let lineage = slot.lineage;
        if let Some(failure) = slot.failure.take() {
            // Vacated when the task failed.
            let memory = slot.memory.take();
            let lineage = self.lineages.path(lineage).to_string();
            self.recycle_task(task, memory);
            return Err(match *failure {
                Failure::Cancelled => JoinError::Cancelled { lineage },
                Failure::Panicked { message, location, payload } => {
                    JoinError::Panicked { lineage, message, location, payload: Thrown(Mutex::new(payload)) }
                }
            });
        }
        let mut memory = slot.memory.take();
        let mut output: Option<T> = None;
        if let Some(memory) = &mut memory {
            memory.as_mut().take_output(&mut output);
        }
        self.recycle_task(task, memory);
        Ok(output.expect("an ended task has an output or a failure"))
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
    let ended = try_with(|run| {
        let mut core = run.core.borrow_mut();
        let Some(slot) = core.tasks.get_mut(task) else { return (None, Joiner::Nobody, None) };
        let joiner = std::mem::replace(&mut slot.joiner, Joiner::Nobody);
        if slot.state != State::Ended {
            slot.detached = true;
            return (None, joiner, None);
        }
        let memory = slot.memory.take();
        core.note_unobserved_panic(task);
        let failure = core.tasks.at_mut(task.index).failure.take();
        core.remove_task(task);
        (memory, joiner, failure)
    });
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
        try_with(|run| {
            let mut core = run.core.borrow_mut();
            if let Some(slot) = core.tasks.get_mut(self.task)
                && slot.state != State::Ended
            {
                slot.cancelled = true;
                core.wake(self.task);
            }
        });
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        try_with(|run| run.core.borrow().tasks.get(self.task).is_none_or(|slot| slot.state == State::Ended))
            .unwrap_or(true)
    }
}
