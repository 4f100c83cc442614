//! Waiting for all of several futures.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

pub use seedbed_macros::{join_futures, try_join_futures};

pin_project_lite::pin_project! {
    /// A future that keeps its output until it is taken.
    #[doc(hidden)]
    #[derive(Debug)]
    #[project = Projected]
    #[project_replace = Replaced]
    #[must_use = "futures do nothing unless they are polled"]
    pub enum MaybeDone<F>
    where
        F: Future,
    {
        Going { #[pin] future: F },
        Done { output: F::Output },
        Taken,
    }
}

/// The future, with a place for its output.
#[doc(hidden)]
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Going { future: future.into_future() }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Projected::Going { future } = self.as_mut().project() {
            let Poll::Ready(output) = future.poll(context) else { return Poll::Pending };
            self.project_replace(MaybeDone::Done { output });
        }
        Poll::Ready(())
    }
}

/// The output of a future that is over.
///
/// # Panics
/// If it is not over, or if its output was taken.
#[doc(hidden)]
#[must_use]
pub fn take_output<F: Future>(future: Pin<&mut MaybeDone<F>>) -> F::Output {
    match future.project_replace(MaybeDone::Taken) {
        Replaced::Done { output } => output,
        Replaced::Going { .. } | Replaced::Taken => panic!("a future was over, and has no output"),
    }
}

/// The value of a future that is over and did not fail.
///
/// # Panics
/// If it is not over or has failed, or if its output was taken.
#[doc(hidden)]
#[must_use]
pub fn take_value<F: Future<Output = Result<T, E>>, T, E>(future: Pin<&mut MaybeDone<F>>) -> T {
    match take_output(future) {
        Ok(value) => value,
        Err(_) => panic!("a future has failed, and nobody has taken its error"),
    }
}

/// The error of a future that has failed.
#[doc(hidden)]
#[must_use]
pub fn take_error<F: Future<Output = Result<T, E>>, T, E>(mut future: Pin<&mut MaybeDone<F>>) -> Option<E> {
    match future.as_mut().project() {
        Projected::Done { output } if output.is_err() => take_output(future).err(),
        _ => None,
    }
}

/// Waits for all of several futures, and gives a tuple of their outputs.
///
/// It is as `tokio::join!`: all are polled by the task that waits. The first of them is polled first at first, the second at
/// the next poll, and so on in turn; with `biased;` at the begin it is always the first.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, join, time};
/// use std::time::Duration;
///
/// let joined = Executor::new(ProductionOrder).block_on(async {
///     join!(async { 1 }, time::sleep(Duration::from_secs(1)), async { "three" })
/// });
/// assert_eq!(joined.unwrap(), (1, (), "three"));
/// ```
#[macro_export]
macro_rules! join {
    (biased; $($future:expr),* $(,)?) => { $crate::join_futures!(($crate) biased $(, $future)*) };
    ($($future:expr),* $(,)?) => { $crate::join_futures!(($crate) rotated $(, $future)*) };
}

/// Waits until all of several futures have succeeded, or one has failed: the error of that one, else a tuple of their values.
///
/// It is as `tokio::try_join!`. The futures are polled as by [`join!`](crate::join); when one fails the others are dropped.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, time, try_join};
/// use std::time::Duration;
///
/// let joined = Executor::new(ProductionOrder).block_on(async {
///     let slow = async {
///         time::sleep(Duration::MAX).await;
///         Ok(1)
///     };
///     try_join!(slow, async { Err::<(), _>("no") })
/// });
/// assert_eq!(joined.unwrap(), Err("no"));
/// ```
#[macro_export]
macro_rules! try_join {
    (biased; $($future:expr),* $(,)?) => { $crate::try_join_futures!(($crate) biased $(, $future)*) };
    ($($future:expr),* $(,)?) => { $crate::try_join_futures!(($crate) rotated $(, $future)*) };
}
