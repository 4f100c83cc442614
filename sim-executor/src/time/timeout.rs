//! Waiting with a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::elapsed::Elapsed;
use super::{Sleep, sleep_until};
use crate::clock::Instant;
use crate::context;

/// Waits for a future, but for no longer than `duration`. A duration that is too long to be named, such as
/// [`Duration::MAX`], is no limit.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, time};
/// use std::{future::pending, time::Duration};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let limited = executor.block_on(async { time::timeout(Duration::from_secs(3), pending::<()>()).await });
/// assert_eq!(limited.unwrap().unwrap_err().to_string(), "deadline has elapsed");
/// assert_eq!(executor.now().to_string(), "3.000");
/// ```
///
/// # Errors
/// [`Elapsed`], when the time was over first; the future is then dropped with this one.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    let deadline = context::clock_now().checked_add(duration);
    Timeout { future: future.into_future(), sleep: deadline.map(sleep_until) }
}

/// Waits for a future, but not beyond `deadline`.
///
/// # Errors
/// [`Elapsed`], when the time was over first; the future is then dropped with this one.
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout { future: future.into_future(), sleep: Some(sleep_until(deadline)) }
}

pin_project_lite::pin_project! {
    /// The future of [`timeout`].
    #[must_use = "a timeout does nothing until it is awaited"]
    #[derive(Debug)]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        sleep: Option<Sleep>,
    }
}

impl<F> Timeout<F> {
    /// The future that is waited for.
    #[must_use]
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future that is waited for.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// The future that is waited for, without the limit.
    #[must_use]
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The future first: what is ready is never thrown away because the time is over as well.
        let had_budget = context::has_budget_remaining();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if context::is_cut_short() {
            return Poll::Ready(Err(Elapsed::new()));
        }
        match this.sleep {
            // A future that uses up the budget each time it is polled does not keep the timeout from being over.
            Some(sleep)
                if had_budget
                    && !context::has_budget_remaining()
                    && context::clock_now() >= sleep.deadline() =>
            {
                Poll::Ready(Err(Elapsed::new()))
            }
            Some(sleep) => Pin::new(sleep).poll(cx).map(|()| Err(Elapsed::new())),
            None => Poll::Pending,
        }
    }
}
