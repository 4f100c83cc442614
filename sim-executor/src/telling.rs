//! Tasks that tell all that they touch, so that a search knows which of their polls may change places.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::{self, JoinHandle};

/// Spawns a task by [`spawn_named`](crate::spawn_named) that tells by [`context::access`] all that it shares with other tasks, in each of its polls.
/// It is a promise of the test, that nobody can check: the task uses no socket and no node, and no lock, channel or cell of
/// which it does not tell. What it owns alone need not be told, nor clocks, sleeps, draws and handles of tasks.
///
/// A search of every run with few deviations counts runs once that differ only in the order of polls of such tasks which touch nothing in common.
/// Nothing else in the run depends on it. While the run has an [`invariant`](crate::invariant), which looks at what it likes after every poll,
/// the promise does not count.
///
/// ```
/// use sim_executor::{Access, Executor, Label, ProductionOrder, Resource, context, spawn_telling};
/// use std::{cell::Cell, rc::Rc};
///
/// const TOTAL: Label = Label::new("user.total");
/// let total = Executor::new(ProductionOrder).block_on(async {
///     let total = Rc::new(Cell::new(0));
///     let shared = Rc::clone(&total);
///     let adding = spawn_telling("adder", async move {
///         context::access(Resource::new(TOTAL, 1), Access::Write);
///         shared.set(shared.get() + 1);
///     });
///     adding.await.unwrap();
///     total.get()
/// });
/// assert_eq!(total.unwrap(), 1);
/// ```
///
/// # Panics
/// Outside a run, and where [`Limits::tasks_max`](crate::Limits::tasks_max) is reached.
#[track_caller]
pub fn spawn_telling<F>(name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    context::spawn_named(name, Telling { future })
}

pin_project! {
    /// The whole of a task that tells all.
    struct Telling<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Telling<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        context::tell_all();
        self.project().future.poll(context)
    }
}
