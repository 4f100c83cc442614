//! Cooperation: how a future of the program takes part in the budget of its task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context;

/// Uses up one operation of what the current task may do in one poll ([`Config::budget`](crate::Config::budget)), and yields
/// if nothing is left: `tokio::task::coop::consume_budget`. For long loops that wait for nothing.
///
/// ```
/// use sim_executor::{Config, Executor, ProductionOrder, coop, spawn};
/// use std::{cell::Cell, rc::Rc};
///
/// let config = Config { budget: Some(128), ..Config::default() };
/// let turns = Executor::with_config(config, ProductionOrder).block_on(async {
///     let turns = Rc::new(Cell::new(0));
///     let (counted, noted) = (turns.clone(), Rc::new(Cell::new(0)));
///     let seen = noted.clone();
///     let long = spawn(async move {
///         for _ in 0..1_000 {
///             coop::consume_budget().await;
///             counted.set(counted.get() + 1);
///         }
///     });
///     spawn(async move { noted.set(turns.get()) }).await.unwrap();
///     long.await.unwrap();
///     seen.get()
/// });
/// assert_eq!(turns.unwrap(), 128);
/// ```
pub async fn consume_budget() {
    cooperative(std::future::ready(())).await;
}

/// Whether the current task may do one more operation in this poll: `tokio::task::coop::has_budget_remaining`.
#[must_use]
pub fn has_budget_remaining() -> bool {
    context::has_budget_remaining()
}

/// Makes a future count towards what its task may do in one poll, when it is over: `tokio::task::coop::cooperative`. It is
/// pending while nothing is left of that.
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

pin_project_lite::pin_project! {
    /// The future of [`cooperative`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Coop<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if !context::may_go_on(context) {
            return Poll::Pending;
        }
        let polled = self.project().future.poll(context);
        if polled.is_ready() {
            context::made_progress();
        }
        polled
    }
}

/// Asks whether a leaf future may go on. If it may not, it is to be pending: its task is woken when it has yielded. If it may and comes
/// to something, it is to say so ([`RestoreOnPending::made_progress`]); else nothing is counted.
///
/// # Panics
/// Outside a run.
pub fn poll_proceed(context: &mut Context<'_>) -> Poll<RestoreOnPending> {
    if context::may_go_on(context) { Poll::Ready(RestoreOnPending { hidden: () }) } else { Poll::Pending }
}

/// An operation that may go on: see [`poll_proceed`].
#[derive(Debug)]
#[must_use = "an operation that came to something is to say so"]
pub struct RestoreOnPending {
    hidden: (),
}

impl RestoreOnPending {
    /// The operation came to something, and counts.
    pub fn made_progress(&self) {
        let () = self.hidden;
        context::made_progress();
    }
}

pin_project_lite::pin_project! {
    /// The future of [`unconstrained`].
    #[derive(Debug)]
    #[must_use = "a future does nothing until it is awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

/// Lets a future go on without a budget. Nothing that it does counts.
pub fn unconstrained<F>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        context::without_budget(|| self.project().future.poll(context))
    }
}
