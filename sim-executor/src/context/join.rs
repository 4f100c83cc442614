//! The handle of a task: to wait for its output, and to abort it.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::join_error::JoinError;
use super::outside::with_for_handle;
use super::waker::own_task;
use super::{CURRENT, RunTag, access, count_call, made_progress, may_go_on, try_with, with};
use crate::choice::{Access, Resource, TaskId};
use crate::run::{Failed, Joined, Leftover, Run};
use crate::task::Joiner;

/// Waits for a task's output when awaited. Dropping it detaches the task, which goes on.
///
/// A panic of the task is the joiner's to see; if the handle is dropped, or kept and never awaited, the panic fails the
/// run.
///
/// It belongs to the run of its task: in another, awaiting it panics, and dropping it or asking for a cancellation does nothing.
#[derive(Debug)]
pub struct JoinHandle<T> {
    handle: AbortHandle,
    taken: bool,
    output: PhantomData<fn() -> T>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(task: TaskId, run: RunTag) -> Self {
        JoinHandle { handle: AbortHandle { task, run }, taken: false, output: PhantomData }
    }

    /// Which task it is.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.handle.task
    }

    /// The task's path of names; empty once its output was taken.
    ///
    /// # Panics
    /// Outside the task's run.
    #[must_use]
    pub fn name(&self) -> Rc<str> {
        self.handle.run.check("JoinHandle");
        with(|run| {
            let mut core = run.core_mut();
            let lineage = core.polling.tasks().get(self.id()).map(|slot| slot.lineage());
            lineage.map_or_else(|| "".into(), |lineage| core.decisions.lineages_mut().path(lineage))
        })
    }

    /// Whether the task has ended, or its run.
    ///
    /// # Panics
    /// In another run than the task's, and on a thread that has no part in the run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        count_call();
        has_ended(self.id(), self.handle.run, "JoinHandle")
    }

    /// Asks for the task's cancellation, as [`AbortHandle::abort`] does.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// As [`JoinHandle::abort`], for a `Drop`: where there is no run, nothing happens.
    pub(crate) fn abort_if_in_run(&self) {
        self.handle.abort_if_in_run();
    }

    /// Says that the current task waits for this one, as far as reports are concerned.
    pub(crate) fn note_wait(&self) {
        self.handle.note_wait();
    }

    /// Wakes that waker at the task's end, in place of who was to be woken.
    pub(crate) fn wake_at_end(&self, waker: &Waker) {
        self.handle.run.check("JoinHandle");
        with(|run| self.handle.wake_at_end(run, waker));
    }

    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.handle.clone()
    }
}

impl<T: 'static> JoinHandle<T> {
    /// What came of the task, if it has ended. That is no operation of the current task, and needs no budget.
    pub(crate) fn take_end(&mut self) -> Option<Result<T, JoinError>> {
        if !self.is_finished() {
            return None;
        }
        let mut output: Option<T> = None;
        match with(|run| run.core_mut().join(self.id(), || None, &mut output)) {
            Joined::Ended(ended) => {
                self.taken = true;
                Some(output_of(self.id(), ended, output))
            }
            Joined::Waiting | Joined::Foreign | Joined::Itself => None,
        }
    }
}

type Ended = Result<(), Box<Failed>>;

#[inline]
fn output_of<T>(task: TaskId, ended: Ended, output: Option<T>) -> Result<T, JoinError> {
    match ended {
        Ok(()) => Ok(output.expect("an ended task has an output or a failure")),
        Err(failed) => Err(JoinError::new(task, failed.lineage, failed.failure)),
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "a JoinHandle was polled after it had given the output");
        let mut output: Option<T> = None;
        match self.handle.poll_end(context, &mut output) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(ended) => {
                self.taken = true;
                Poll::Ready(output_of(self.id(), ended, output))
            }
        }
    }
}

impl AbortHandle {
    /// Waits for the end of the task, whose output goes into an `Option` of its type.
    fn poll_end(&self, context: &Context<'_>, output: &mut dyn Any) -> Poll<Ended> {
        self.run.check("JoinHandle");
        if !may_go_on(context) {
            return Poll::Pending;
        }
        access(Resource::end_of(self.task), Access::Read);
        with(|run| {
            let joined = run.core_mut().join(self.task, || own_task(context.waker()), output);
            match joined {
                Joined::Ended(ended) => {
                    made_progress();
                    Poll::Ready(ended)
                }
                Joined::Waiting => Poll::Pending,
                Joined::Foreign => {
                    self.wake_at_end(run, context.waker());
                    Poll::Pending
                }
                Joined::Itself => panic!("a task awaits its own handle, and would wait for ever"),
            }
        })
    }

    /// Sets who is woken at the end of the task. Who was to be woken is dropped with nothing borrowed, as it was cloned: a foreign
    /// waker may run code.
    #[cold]
    #[inline(never)]
    fn wake_at_end(&self, run: &Run, waker: &Waker) {
        let own = own_task(waker);
        let mut joiner = own.map_or_else(|| Joiner::Foreign(waker.clone()), Joiner::Task);
        run.core_mut().wake_at_end(self.task, &mut joiner);
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.taken {
            detach(self.id(), self.handle.run);
        }
    }
}

/// Nobody will ask for the task's output.
fn detach(task: TaskId, tag: RunTag) {
    try_with(|run| {
        if run.tag() == tag
            && let Some(leftover) = run.give_up(task)
        {
            drop_leftover(run, task, leftover);
        }
    });
}

/// Drops what a task has left, which finds that task as the current one.
#[cold]
fn drop_leftover(run: &Run, task: TaskId, leftover: Leftover) {
    let before = CURRENT.with(|current| current.output_of.replace(Some(task)));
    // A panic of what is dropped stays in there.
    run.bury_leftover(task, leftover);
    CURRENT.with(|current| current.output_of.set(before));
}

fn has_ended(task: TaskId, tag: RunTag, what: &str) -> bool {
    access(Resource::end_of(task), Access::Read);
    let has_ended = with_for_handle(|run| {
        tag.check(what);
        run.core().has_ended(task)
    });
    has_ended.unwrap_or(true)
}

/// Aborts a task; does not keep it, and can be cloned.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    task: TaskId,
    run: RunTag,
}

impl AbortHandle {
    /// Asks for the task's cancellation. Nothing happens at once: the task becomes ready, and when its turn comes its
    /// future is dropped at its await point instead of being polled. A task that has not begun never will; for one that
    /// has ended, or belongs to another run, nothing changes; and a function of [`spawn_blocking`](crate::spawn_blocking) that has
    /// begun goes on to its end, and gives its value.
    ///
    /// # Panics
    /// On a thread that has no part in the run.
    pub fn abort(&self) {
        with_for_handle(|run| self.cancel_in(run));
    }

    /// Makes the task ready.
    pub(crate) fn wake(&self) {
        try_with(|run| {
            if run.tag() == self.run {
                run.core_mut().wake(self.task);
            }
        });
    }

    /// As [`AbortHandle::abort`], for a `Drop`: where there is no run, nothing happens.
    pub(crate) fn abort_if_in_run(&self) {
        try_with(|run| self.cancel_in(run));
    }

    fn cancel_in(&self, run: &Rc<Run>) {
        if run.tag() == self.run {
            access(Resource::end_of(self.task), Access::Write);
            if !run.aborts_late(self.task) {
                run.core_mut().cancel(self.task);
            }
        }
    }

    /// Says that the current task waits for this one, as far as reports are concerned.
    ///
    /// # Panics
    /// Outside the task's run.
    pub(crate) fn note_wait(&self) {
        self.run.check("JoinHandle");
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
    /// In another run than the task's, and on a thread that has no part in the run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        count_call();
        has_ended(self.task, self.run, "AbortHandle")
    }
}
