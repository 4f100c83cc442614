//! A body that runs step by step: `asyncio.Task`.

use std::fmt;
use std::future::{Future as StdFuture, IntoFuture};
use std::ops::Deref;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::{Await, CallbackId, Future};
use crate::future_core::{Callback, Canceller, FutureCore, Status};
use crate::task_core::{Steps, TaskCore};

/// A running body, and the future of its result. Cloning gives another reference; dropping all of them stops nothing.
///
/// `cancel` is synchronous and only asks: what the task waits for is cancelled, be it a plain future, another task or a
/// gather; if that is not possible, [`Exc::Cancelled`] is raised at the await point when the task's next turn comes. The
/// body may catch it and go on.
pub struct Task<T> {
    future: Future<T>,
    core: Rc<TaskCore>,
}

impl<T: Clone + 'static> Task<T> {
    #[track_caller]
    pub(crate) fn spawn<B>(event_loop: &EventLoop, name: Rc<str>, body: B) -> Self
    where
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let future = Future::of(FutureCore::new(event_loop.clone(), Some(Rc::clone(&name))));
        let value = Rc::clone(&future.value);
        let body = Box::pin(async move {
            let result = body.await?;
            *value.borrow_mut() = Some(result);
            Ok(())
        });
        let core = event_loop
            .register(|number| TaskCore::new(Rc::clone(&future.core), Rc::clone(&name), number, body));
        future.core.set_canceller(Canceller::Task(Rc::downgrade(&core)));
        event_loop.spawn(&name, Steps(Rc::clone(&core)));
        Task { future, core }
    }
}

impl<T> Task<T> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Rc<str> {
        Rc::clone(&self.core.name)
    }

    /// The future of its result.
    #[must_use]
    pub fn future(&self) -> &Future<T> {
        &self.future
    }

    /// How many requests to cancel it have not been taken back by `uncancel`.
    #[must_use]
    pub fn cancelling(&self) -> u64 {
        self.core.cancels.get()
    }

    /// The task without its result's type.
    #[must_use]
    pub fn erased(&self) -> AnyTask {
        AnyTask::new(Rc::clone(&self.core))
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task { future: self.future.clone(), core: Rc::clone(&self.core) }
    }
}

impl<T> Deref for Task<T> {
    type Target = Future<T>;

    fn deref(&self) -> &Future<T> {
        &self.future
    }
}

impl<T> From<Task<T>> for Future<T> {
    fn from(task: Task<T>) -> Self {
        task.future
    }
}

impl<T> From<&Task<T>> for Future<T> {
    fn from(task: &Task<T>) -> Self {
        task.future.clone()
    }
}

impl<T> From<&Future<T>> for Future<T> {
    fn from(future: &Future<T>) -> Self {
        future.clone()
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Task {}: {:?}", self.core.name, self.future)
    }
}

impl<T: Clone + 'static> IntoFuture for Task<T> {
    type Output = Result<T, Exc>;
    type IntoFuture = Await<T>;

    fn into_future(self) -> Await<T> {
        self.future.into_future()
    }
}

impl<T: Clone + 'static> IntoFuture for &Task<T> {
    type Output = Result<T, Exc>;
    type IntoFuture = Await<T>;

    fn into_future(self) -> Await<T> {
        self.future.clone().into_future()
    }
}

/// A task whose result's type is not known: to name it, cancel it, wait for its end.
#[derive(Clone)]
pub struct AnyTask(Rc<TaskCore>);

impl AnyTask {
    pub(crate) fn new(core: Rc<TaskCore>) -> Self {
        AnyTask(core)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Rc<str> {
        Rc::clone(&self.0.name)
    }

    /// As [`Future::cancel`].
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn cancel(&self) -> bool {
        self.0.future.cancel()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.future.is_done()
    }

    /// Whether it has ended by a cancellation.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.future.is_cancelled()
    }

    /// The exception that it failed with, which then counts as retrieved.
    #[must_use]
    pub fn exception(&self) -> Option<Exc> {
        match self.0.future.status() {
            Status::Failed(exc) => Some(exc),
            _ => None,
        }
    }

    /// How many requests to cancel it have not been taken back.
    #[must_use]
    pub fn cancelling(&self) -> u64 {
        self.0.cancels.get()
    }

    /// Takes one request to cancel it back; gives how many are left.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn uncancel(&self) -> u64 {
        let left = self.0.cancels.get().saturating_sub(1);
        self.0.cancels.set(left);
        left
    }

    /// As [`Future::add_done_callback`].
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) -> CallbackId {
        CallbackId(self.0.future.add_callback(Callback::Call(Box::new(callback))))
    }

    /// The future of its end: as the task's own, with nothing for a result.
    #[must_use]
    pub fn future(&self) -> Future<()> {
        let future = Future::of(Rc::clone(&self.0.future));
        *future.value.borrow_mut() = Some(());
        future
    }
}

impl PartialEq for AnyTask {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for AnyTask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Task {}", self.0.name)
    }
}

impl IntoFuture for AnyTask {
    type Output = Result<(), Exc>;
    type IntoFuture = Await<()>;

    fn into_future(self) -> Await<()> {
        self.future().into_future()
    }
}
