//! The handle of a task: to wait for its output, and to abort it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::join_error::JoinError;
use super::outside::with_for_handle;
use super::waker::own_task;
use super::{CURRENT, try_with, with};
use crate::choice::TaskId;
use crate::run::{Ended, Joined};

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

    /// Which task it is.
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

    /// Whether the task has ended, or its run.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        with_for_handle(|run| run.core().has_ended(self.task)).unwrap_or(true)
    }

    /// Asks for the task's cancellation, as [`AbortHandle::abort`] does.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// As [`JoinHandle::abort`], for a `Drop`: where there is no run, nothing happens.
    pub(crate) fn abort_if_in_run(&self) {
        self.abort_handle().abort_if_in_run();
    }

    /// Says that the current task waits for this one, as far as reports are concerned.
    pub(crate) fn note_wait(&self) {
        self.abort_handle().note_wait();
    }

    /// Wakes that waker at the task's end, in place of who was to be woken.
    pub(crate) fn wake_at_end(&self, waker: &Waker) {
        let replaced = with(|run| run.core_mut().wake_at_end(self.task, waker));
        drop(replaced); // with nothing borrowed: a foreign waker may run code
    }

    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { task: self.task }
    }
}

impl<T: 'static> JoinHandle<T> {
    /// What came of the task, if it has ended. That is no operation of the current task, and needs no budget.
    pub(crate) fn take_end(&mut self) -> Option<Result<T, JoinError>> {
        let task = self.task;
        match with(|run| run.core_mut().join(task, None, Waker::noop())) {
            Joined::Waiting(_) => None,
            Joined::Ended(ended) => {
                self.taken = true;
                Some(output_of(task, ended))
            }
        }
    }
}

fn output_of<T>(task: TaskId, ended: Ended<T>) -> Result<T, JoinError> {
    match ended {
        Ended::Output(output) => Ok(output),
        Ended::Failed { lineage, failure } => Err(JoinError::new(task, lineage, failure)),
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
                Poll::Ready(output_of(task, ended))
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
    // With nothing borrowed: the output's and a foreign waker's own code may run.
    match ended {
        Some((Some(output), joiner, failure)) => drop_output(task, (output, joiner, failure)),
        ended => drop(ended),
    }
}

/// Drops what a task has left, which finds that task as the current one.
#[cold]
fn drop_output<T>(task: TaskId, output: T) {
    struct GoBack(Option<TaskId>);
    impl Drop for GoBack {
        fn drop(&mut self) {
            CURRENT.with(|current| current.output_of.set(self.0));
        }
    }
    let _before = GoBack(CURRENT.with(|current| current.output_of.replace(Some(task))));
    drop(output);
}

/// Aborts a task; does not keep it, and can be cloned.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    task: TaskId,
}

impl AbortHandle {
    /// Asks for the task's cancellation. Nothing happens at once: the task becomes ready, and when its turn comes its
    /// future is dropped at its await point instead of being polled. A task that has not begun never will; for one that
    /// has ended nothing changes, and a function of [`spawn_blocking`](crate::spawn_blocking) that has begun goes on to its
    /// end, and gives its value.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    pub fn abort(&self) {
        with_for_handle(|run| run.core_mut().cancel(self.task));
    }

    /// Makes the task ready.
    pub(crate) fn wake(&self) {
        try_with(|run| run.core_mut().wake(self.task));
    }

    /// As [`AbortHandle::abort`], for a `Drop`: where there is no run, nothing happens.
    pub(crate) fn abort_if_in_run(&self) {
        try_with(|run| run.core_mut().cancel(self.task));
    }

    /// Says that the current task waits for this one, as far as reports are concerned.
    pub(crate) fn note_wait(&self) {
        with(|run| run.core_mut().wait_for_end(self.task));
    }

    /// Which task it is.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.task
    }

    /// Whether the task has ended, or its run.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        with_for_handle(|run| run.core().has_ended(self.task)).unwrap_or(true)
    }
}
