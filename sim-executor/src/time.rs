//! Virtual time for programs: sleeping, timeouts, intervals, and holding a CPU.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Instant;
use crate::context::{self, Alarmed, Timer};
use crate::run::SLEEP;

mod block;
mod interval;

pub use block::{Block, block, block_now};
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};

/// The virtual time since the run began, on the current node's monotonic clock.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn elapsed() -> Duration {
    context::clock_now() - Instant::START
}

/// The virtual time, on the current node's monotonic clock. It is the world's, unless the node's clock drifts
/// ([`Node::set_clock`](crate::Node::set_clock)).
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn now() -> Instant {
    context::clock_now()
}

/// The time since 1970 on the current node's wall clock, as `SystemTime::now()` would have it: a run begins with the year
/// 2025. It drifts and jumps as the test wants ([`Node::set_clock`](crate::Node::set_clock),
/// [`Node::step_clock`](crate::Node::step_clock)), and never shows less than zero.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder, time};
/// use std::time::{Duration, SystemTime};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let shown = executor.block_on(async {
///     Node::named("main").step_clock(-1_000_000_000);
///     time::sleep(Duration::from_secs(60)).await;
///     SystemTime::UNIX_EPOCH + time::system_now()
/// });
/// assert_eq!(shown.unwrap(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_659));
/// ```
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn system_now() -> Duration {
    context::system_now()
}

/// Waits for `duration` of virtual time.
///
/// A sleep of zero that is awaited is ready at once: to let others go first, use [`yield_now`](crate::yield_now).
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let slept = executor.block_on(async {
///     time::sleep(Duration::from_secs(3_600)).await;
///     time::elapsed()
/// });
/// assert_eq!(slept.unwrap(), Duration::from_secs(3_600));
/// ```
///
/// # Panics
/// Outside a run.
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(context::clock_now() + duration)
}

/// Waits until `deadline`.
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None }
}

/// The future of [`sleep`].
#[must_use = "a sleep does nothing until it is awaited"]
#[derive(Debug)]
pub struct Sleep {
    deadline: Instant,
    timer: Option<Timer>,
}

impl Sleep {
    /// When it is over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it is over.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        context::clock_now() >= self.deadline
    }

    /// Makes it end at another time; it may be over already.
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.timer = None;
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(timer) = &self.timer {
            if context::clock_now() >= self.deadline {
                self.timer = None;
                return Poll::Ready(());
            }
            if timer.wake_instead(self.deadline, SLEEP, context) {
                return Poll::Pending;
            }
            // It has come by the clock of another node.
            self.timer = None;
        }
        match Timer::set(self.deadline, SLEEP, context) {
            Alarmed::Due if context::may_go_on() => return Poll::Ready(()),
            Alarmed::Due => {}
            Alarmed::Set(timer) => self.timer = Some(timer),
            Alarmed::NoRoom => {}
        }
        Poll::Pending
    }
}

/// The time was over before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
pub struct Elapsed;

impl From<Elapsed> for std::io::Error {
    fn from(_: Elapsed) -> Self {
        std::io::ErrorKind::TimedOut.into()
    }
}

/// Waits for a future, but for no longer than `duration`.
///
/// # Errors
/// [`Elapsed`], when the time was over first; the future is then dropped with this one.
///
/// # Panics
/// Outside a run.
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    timeout_at(context::clock_now() + duration, future)
}

/// Waits for a future, but not beyond `deadline`.
///
/// # Errors
/// [`Elapsed`], when the time was over first; the future is then dropped with this one.
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout { future: future.into_future(), sleep: sleep_until(deadline) }
}

pin_project_lite::pin_project! {
    /// The future of [`timeout`].
    #[must_use = "a timeout does nothing until it is awaited"]
    #[derive(Debug)]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        sleep: Sleep,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The future first: what is ready is never thrown away because the time is over as well.
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(this.sleep).poll(context).map(|()| Err(Elapsed))
    }
}
