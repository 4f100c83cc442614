//! A body that runs step by step: `asyncio.Task`.

use std::fmt;
use std::future::{Future as StdFuture, IntoFuture};
use std::ops::Deref;
use std::rc::Rc;

use crate::await_point::Cancel;
use crate::exc::Exc;
use crate::future::{Await, CallbackId, Future};
use crate::future_core::{Canceller, FutureCore, Status};
use crate::loop_core::LoopCore;
use crate::registry::Registry;
use crate::task_core::{NewTask, TaskCore};

/// A running body, and the future of its result. Cloning gives another reference; dropping all of them stops nothing.
///
/// `cancel` is synchronous and only asks: what the task waits for is cancelled, be it a plain future, another task or a
/// gather; if that is not possible, [`Exc::Cancelled`] is raised at the await point when the task's next turn comes. The
/// body may catch it and go on.
///
/// # Which kind of object where
///
/// A body is a coroutine that was called: it runs once, when its task does. A task and a future are references to a
/// result: each may be awaited, and run until, any number of times.
///
/// ```
/// use sim_asyncio::{EventLoop, Exc, ReturnWhen, Runner, wait};
///
/// async fn coro() -> Result<u64, Exc> {
///     Ok(1)
/// }
/// fn outside(asyncio: &mut Runner<'_>) {
///     let task = asyncio.create_task("task", coro());
///     let first = asyncio.run_until_complete(&task);
///     assert_eq!(first, asyncio.run_until_complete(&task));
/// }
/// async fn inside(event_loop: EventLoop) -> Result<(), Exc> {
///     let task = event_loop.create_task("task", coro());
///     wait([task.clone()], ReturnWhen::AllCompleted, None).await?;
///     if task.exception().is_none() && coro().await? == 1 {
///         assert_eq!(task.await?, 1);
///     }
///     Ok(())
/// }
/// ```
///
/// What asyncio finds out at run time, or not at all, does not compile here. A coroutine function is no coroutine
/// (`TypeError: a coroutine was expected`):
///
/// ```compile_fail
/// # use sim_asyncio::{EventLoop, Exc};
/// # async fn coro() -> Result<u64, Exc> { Ok(1) }
/// # fn outside(event_loop: &EventLoop) {
/// event_loop.create_task("a function", coro);
/// # }
/// ```
///
/// nor is an iterator (`RuntimeError: Task got bad yield: 1`, in the task's first step), a number (`TypeError: An
/// asyncio.Future, a coroutine or an awaitable is required`), or a future:
///
/// ```compile_fail
/// # fn outside(event_loop: &sim_asyncio::EventLoop) {
/// event_loop.create_task("a generator", std::iter::once(1));
/// # }
/// ```
///
/// ```compile_fail
/// # fn outside(asyncio: &mut sim_asyncio::Runner<'_>) {
/// asyncio.run_until_complete(3);
/// # }
/// ```
///
/// ```compile_fail
/// # fn outside(event_loop: &sim_asyncio::EventLoop) {
/// event_loop.create_task("a future", event_loop.create_future::<u64>());
/// # }
/// ```
///
/// A coroutine that has run is gone (`RuntimeError: cannot reuse already awaited coroutine`):
///
/// ```compile_fail
/// # use sim_asyncio::{Exc, Runner};
/// # async fn coro() -> Result<u64, Exc> { Ok(1) }
/// # fn outside(asyncio: &mut Runner<'_>) {
/// let once = coro();
/// asyncio.create_task("first", once);
/// asyncio.create_task("second", once);
/// # }
/// ```
///
/// One that nobody awaits has no value, and no truth value either, which would always be `True`; a method that is not
/// called is no condition for the same reason:
///
/// ```compile_fail
/// # use sim_asyncio::Exc;
/// # async fn coro() -> Result<u64, Exc> { Ok(1) }
/// # async fn inside() {
/// if coro() { unreachable!() }
/// # }
/// ```
///
/// ```compile_fail
/// # fn inside(task: &sim_asyncio::Task<u64>) {
/// if task.exception { unreachable!() }
/// # }
/// ```
///
/// A number cannot be awaited (`TypeError: object int can't be used in 'await' expression`), and
/// [`wait`](crate::wait) takes no coroutines (`TypeError: Passing coroutines is forbidden, use tasks explicitly.`):
///
/// ```compile_fail
/// # async fn inside() {
/// 3.await;
/// # }
/// ```
///
/// ```compile_fail
/// # use sim_asyncio::{Exc, ReturnWhen, wait};
/// # async fn coro() -> Result<u64, Exc> { Ok(1) }
/// # async fn inside() -> Result<(), Exc> {
/// wait([coro()], ReturnWhen::AllCompleted, None).await?;
/// # Ok(())
/// # }
/// ```
///
/// What does compile is a task that awaits itself: that raises a `RuntimeError`, as in asyncio.
pub struct Task<T> {
    future: Future<T>,
    core: Rc<TaskCore>,
}

impl<T: Clone + 'static> Task<T> {
    /// A task of this loop, which nobody runs yet.
    pub(crate) fn new<B>(
        loop_core: &Rc<LoopCore>,
        registry: &Rc<Registry<TaskCore>>,
        new: NewTask,
        body: B,
    ) -> Self
    where
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let number = registry.next_number();
        let future = Future::of(FutureCore::new(Rc::clone(loop_core), Some((number, Rc::clone(&new.name)))));
        let value = Rc::clone(&future.value);
        let body = Box::pin(async move {
            let result = body.await?;
            *value.borrow_mut() = Some(result);
            Ok(())
        });
        let core = TaskCore::new(registry, number, Rc::clone(&future.core), new, body);
        let canceller = Rc::<TaskCore>::downgrade(&core);
        future.core.set_canceller(Canceller::Task(canceller));
        Task { future, core }
    }

    pub(crate) fn core(&self) -> &Rc<TaskCore> {
        &self.core
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

    /// Takes one request to cancel it back; gives how many are left.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn uncancel(&self) -> u64 {
        self.core.uncancel()
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
        self.0.future.cancel(None)
    }

    /// As [`Future::cancel_with`].
    pub fn cancel_with(&self, message: impl Into<Rc<str>>) -> bool {
        self.0.future.cancel(Some(&message.into()))
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
        self.0.uncancel()
    }

    /// As [`Future::add_done_callback`].
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) -> CallbackId {
        CallbackId(self.0.future.add_call(callback))
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
