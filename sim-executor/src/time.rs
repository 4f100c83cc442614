//! Virtual time for programs: sleeping, timeouts, intervals, and holding a CPU.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Instant;
use crate::context::{self, Alarmed, Timer};
use crate::run::SLEEP;

mod block;
mod elapsed;
mod instant;
mod interval;
mod pause;
mod timeout;

pub use block::{Block, block, block_now};
pub use elapsed::Elapsed;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use pause::{advance, pause, resume};
pub use timeout::{Timeout, timeout, timeout_at};

/// Errors, where tokio has them.
pub mod error {
    pub use super::elapsed::Elapsed;
}

/// The virtual time since the run began, on the current node's monotonic clock.
///
/// # Panics
/// Outside a run.
#[must_use]
#[track_caller]
pub fn elapsed() -> Duration {
    context::count_call();
    context::clock_now() - Instant::START
}

/// The virtual time, on the current node's monotonic clock. It is the world's, unless the node's clock drifts
/// ([`Node::set_clock`](crate::Node::set_clock)).
///
/// # Panics
/// Outside a run.
#[must_use]
#[track_caller]
pub fn now() -> Instant {
    context::count_call();
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
    context::count_call();
    context::system_now()
}

/// Waits for `duration` of virtual time.
///
/// It is over to the nanosecond, where tokio rounds up to the next millisecond. A sleep of zero that is awaited is
/// ready at once: to let others go first, use [`yield_now`](crate::yield_now).
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
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(context::clock_now() + duration)
}

/// Waits until `deadline`.
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None, begun: false }
}

/// The future of [`sleep`].
///
/// Once it was polled it belongs to the run in which it was: in another, awaiting it panics, and dropping it does nothing.
#[must_use = "a sleep does nothing until it is awaited"]
#[derive(Debug)]
pub struct Sleep {
    deadline: Instant,
    timer: Option<Timer>,
    /// Whether it was polled or reset: before that it does not count as elapsed, as tokio's.
    begun: bool,
}

impl Sleep {
    /// When it is over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it is over. One that was never polled is not, however late it is.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        context::count_call();
        self.begun && context::clock_now() >= self.deadline
    }

    /// Makes it end at another time; it may be over already. Who waits for it is woken at the new time.
    ///
    /// ```
    /// use sim_executor::{Executor, ProductionOrder, time};
    /// use std::{pin::pin, time::Duration};
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// executor.block_on(async {
    ///     let mut sleep = pin!(time::sleep(Duration::from_secs(1)));
    ///     sleep.as_mut().reset(time::now() + Duration::from_secs(5));
    ///     sleep.await;
    /// }).unwrap();
    /// assert_eq!(executor.now().to_string(), "5.000");
    /// ```
    ///
    /// # Panics
    /// Outside its run, if somebody waits for it.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        let timer = self.timer.take().and_then(|timer| timer.moved_to(deadline));
        *self = Sleep { deadline, timer, begun: true };
    }

    /// As new, with that deadline.
    fn begin_again(&mut self, deadline: Instant) {
        *self = sleep_until(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_first = !std::mem::replace(&mut self.begun, true);
        if let Some(timer) = &self.timer {
            timer.check();
            if context::clock_now() >= self.deadline {
                return self.be_over(context);
            }
            if timer.wake_instead(self.deadline, SLEEP, context) {
                return self.wait();
            }
            // It has come by the clock of another node.
            self.timer = None;
        }
        match Timer::set(self.deadline, SLEEP, context) {
            // Only when it is polled first: an interval begins anew at each tick.
            Alarmed::Due if is_first && context::wants_io_points() && context::stop_at(context, SLEEP) => {}
            Alarmed::Due => return self.be_over(context),
            Alarmed::Set(timer) => self.timer = Some(timer),
            Alarmed::NoRoom => {}
        }
        self.wait()
    }
}

impl Sleep {
    /// Its time has not come, unless the run says so: then it was due just now.
    #[inline]
    fn wait(&mut self) -> Poll<()> {
        if context::is_cut_short_in_select() {
            self.deadline = context::clock_now();
            self.timer = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Its time has come: it is over if the task may go on.
    #[inline]
    fn be_over(&mut self, context: &Context<'_>) -> Poll<()> {
        if !context::may_go_on(context) {
            return Poll::Pending;
        }
        context::made_progress();
        self.timer = None;
        Poll::Ready(())
    }
}
