//! What the programs need of the system that runs them.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use sim_executor::{Access, Label, Resource, context};

/// Tasks, on one of the systems.
pub(crate) trait Runtime: 'static {
    /// A task, to be awaited.
    type Task: Future<Output = ()> + Send;

    /// Begins a task.
    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self::Task;
}

/// Shared between tasks. Looking at it is no decision point: in a program of one thread only an await is. On Seedbed it says
/// that it is touched, as sockets and locks do.
pub(crate) struct Shared<T> {
    value: Arc<Mutex<T>>,
    resource: Resource,
}

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// The things of the next run are numbered from the start.
pub(crate) fn number_from_the_start() {
    MADE.set(0);
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { value: Arc::clone(&self.value), resource: self.resource }
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        const SHARED: Label = Label::new("shared");
        MADE.set(MADE.get() + 1);
        Shared { value: Arc::new(Mutex::new(value)), resource: Resource::new(SHARED, MADE.get()) }
    }

    /// Looks at it, or changes it.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.touched(Access::Write, look)
    }

    fn touched<R>(&self, access: Access, look: impl FnOnce(&mut T) -> R) -> R {
        context::access(self.resource, access);
        look(&mut self.value.lock().expect("no program panics here"))
    }
}

impl<T: Copy> Shared<T> {
    pub(crate) fn get(&self) -> T {
        self.touched(Access::Read, |value| *value)
    }

    pub(crate) fn set(&self, new: T) {
        self.with(|value| *value = new);
    }
}

/// A decision point: the task is ready again at once.
pub(crate) async fn pause() {
    struct Pause(bool);
    impl Future for Pause {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if self.0 {
                return Poll::Ready(());
            }
            self.0 = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Pause(false).await;
}

/// So many decision points.
pub(crate) async fn pauses(count: usize) {
    for _ in 0..count {
        pause().await;
    }
}

/// What a task waits for until another has called [`Gate::open`] after it has begun to wait; an earlier call is forgotten.
#[derive(Clone)]
pub(crate) struct Gate(Shared<Vec<Waker>>);

impl Gate {
    pub(crate) fn new() -> Self {
        Gate(Shared::new(Vec::new()))
    }

    pub(crate) async fn wait(&self) {
        let mut is_waiting = false;
        std::future::poll_fn(|context| {
            if is_waiting
                && !self.0.with(|wakers| wakers.iter().any(|waker| waker.will_wake(context.waker())))
            {
                return Poll::Ready(());
            }
            is_waiting = true;
            self.0.with(|wakers| wakers.push(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn open(&self) {
        self.0.with(std::mem::take).into_iter().for_each(Waker::wake);
    }
}
