//! A set of tasks that run only while somebody drives the set.

use std::any::{Any, type_name};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::context::{self, AbortHandle, JoinHandle};

/// Tasks that run only while somebody awaits the set or is in [`LocalSet::run_until`], as `tokio::task::LocalSet`. Dropping it
/// drops them at once.
///
/// Here every task may be of a type that is not `Send`, so [`spawn`](crate::spawn) does for most. This is for programs that
/// are written with a local set.
///
/// ```
/// use sim_executor::{Executor, LocalSet, ProductionOrder, spawn_local};
/// use std::rc::Rc;
///
/// let three = Executor::new(ProductionOrder).block_on(async {
///     let shared = Rc::new(3);
///     let local = LocalSet::new();
///     local.run_until(async move { spawn_local(async move { *shared }).await.unwrap() }).await
/// });
/// assert_eq!(three.unwrap(), 3);
/// ```
#[derive(Default)]
pub struct LocalSet {
    shared: Rc<Shared>,
    /// Whether it is awaited.
    awaited: Cell<bool>,
}

#[derive(Default)]
struct Shared {
    /// How many futures drive the set.
    drivers: Cell<usize>,
    spawned: Cell<u64>,
    /// The tasks that have not ended, in the order of their spawns.
    tasks: RefCell<BTreeMap<u64, LocalTask>>,
    /// Of tasks that had their turn while nobody drove the set.
    parked: RefCell<Vec<Waker>>,
    /// Who awaits the set.
    waiting: RefCell<Option<Waker>>,
    /// Whether the set was dropped: what is spawned then never begins.
    is_gone: Cell<bool>,
}

struct LocalTask {
    abort: AbortHandle,
    future: Rc<dyn Droppable>,
}

/// A future that is dropped when its set is.
trait Droppable {
    /// Drops it; if that panics, its task will. Says whether it has.
    fn drop_with_set(&self) -> bool;
}

struct Slot<F> {
    future: RefCell<Option<Pin<Box<F>>>>,
    /// What its `Drop` has thrown when the set was dropped.
    thrown: Cell<Option<Box<dyn Any + Send>>>,
}

impl<F> Slot<F> {
    fn take(&self) -> Option<Pin<Box<F>>> {
        // One that drops its own set is aborted at the end of its poll.
        self.future.try_borrow_mut().ok()?.take()
    }
}

impl<F> Droppable for Slot<F> {
    fn drop_with_set(&self) -> bool {
        let future = self.take();
        let thrown = catch_unwind(AssertUnwindSafe(|| drop(future))).err();
        let has_thrown = thrown.is_some();
        self.thrown.set(thrown);
        has_thrown
    }
}

/// Spawns a task into the current local set: that of the task, or of [`LocalSet::run_until`] or [`LocalSet::enter`].
///
/// # Panics
/// Outside a run, or of a local set.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    let set = context::local_set().and_then(|set| set.downcast::<Shared>().ok());
    let Some(set) = set else {
        panic!(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`; \
             in a run `spawn` does for a future that is not `Send`, too"
        )
    };
    set.spawn(future)
}

impl LocalSet {
    /// A set without tasks.
    #[must_use]
    pub fn new() -> Self {
        LocalSet::default()
    }

    /// Spawns a task into the set. It begins when the set is driven.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.shared.spawn(future)
    }

    /// Awaits a future, and drives the set meanwhile.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        RunUntil { driving: Driving(Rc::clone(&self.shared), Cell::new(false)), future }.await
    }

    /// Makes it the set of [`spawn_local`] until the guard is dropped. That does not drive it.
    #[must_use = "the set is left when this is dropped"]
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { before: context::set_local_set(Some(Rc::clone(&self.shared) as Rc<dyn Any>)) }
    }
}

impl Shared {
    #[track_caller]
    fn spawn<F>(self: &Rc<Self>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let number = self.spawned.replace(self.spawned.get() + 1);
        let future = if self.is_gone.get() { None } else { Some(Box::pin(future)) };
        let slot = Rc::new(Slot { future: RefCell::new(future), thrown: Cell::new(None) });
        let task = Local { set: Rc::clone(self), number, slot: Rc::clone(&slot) };
        let handle = context::spawn_named_as(type_name::<F>(), task);
        if self.is_gone.get() {
            handle.abort();
        } else {
            let task = LocalTask { abort: handle.abort_handle(), future: slot };
            self.tasks.borrow_mut().insert(number, task);
        }
        handle
    }

    fn begin_driving(&self) {
        self.drivers.set(self.drivers.get() + 1);
        let parked = self.parked.take();
        parked.into_iter().for_each(Waker::wake);
    }

    fn forget(&self, number: u64) {
        let ended = self.tasks.borrow_mut().remove(&number);
        drop(ended);
        if self.tasks.borrow().is_empty()
            && let Some(waiting) = self.waiting.take()
        {
            waiting.wake();
        }
    }
}

/// Leaves a local set when it is dropped: see [`LocalSet::enter`].
pub struct LocalEnterGuard {
    before: Option<Rc<dyn Any>>,
}

impl Drop for LocalEnterGuard {
    fn drop(&mut self) {
        drop(context::set_local_set(self.before.take()));
    }
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LocalEnterGuard").finish()
    }
}

/// What drives a set, from its first poll to its end.
struct Driving(Rc<Shared>, Cell<bool>);

impl Driving {
    fn begin(&self) {
        if !self.1.replace(true) {
            self.0.begin_driving();
        }
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        if self.1.get() {
            self.0.drivers.set(self.0.drivers.get() - 1);
        }
    }
}

pin_project_lite::pin_project! {
    struct RunUntil<F> {
        driving: Driving,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.driving.begin();
        let _set = enter(&this.driving.0);
        this.future.poll(context)
    }
}

fn enter(set: &Rc<Shared>) -> LocalEnterGuard {
    LocalEnterGuard { before: context::set_local_set(Some(Rc::clone(set) as Rc<dyn Any>)) }
}

/// A task of a set.
struct Local<F> {
    set: Rc<Shared>,
    number: u64,
    slot: Rc<Slot<F>>,
}

impl<F: Future> Future for Local<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if let Some(thrown) = self.slot.thrown.take() {
            resume_unwind(thrown);
        }
        if self.set.drivers.get() == 0 {
            self.set.parked.borrow_mut().push(context.waker().clone());
            return Poll::Pending;
        }
        let _set = enter(&self.set);
        match self.slot.future.borrow_mut().as_mut() {
            Some(future) => future.as_mut().poll(context),
            // Its set was dropped, and has aborted this task.
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Local<F> {
    fn drop(&mut self) {
        let set = enter(&self.set);
        drop(self.slot.take());
        drop(set);
        self.set.forget(self.number);
    }
}

/// Ready when all tasks of the set have ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.awaited.replace(true) {
            self.shared.begin_driving();
        }
        let first = self.shared.tasks.borrow().values().next().map(|task| task.abort.clone());
        let Some(first) = first else {
            self.awaited.set(false);
            self.shared.drivers.set(self.shared.drivers.get() - 1);
            return Poll::Ready(());
        };
        first.note_wait();
        drop(self.shared.waiting.replace(Some(context.waker().clone())));
        Poll::Pending
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.shared.is_gone.set(true);
        let tasks = self.shared.tasks.take();
        let _set = enter(&self.shared);
        for task in tasks.into_values() {
            if task.future.drop_with_set() {
                task.abort.wake();
            } else {
                task.abort.abort_if_in_run();
            }
        }
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LocalSet").finish()
    }
}
