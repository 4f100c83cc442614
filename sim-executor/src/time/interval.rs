//! Ticks at a fixed period.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Sleep, sleep_until};
use crate::clock::Instant;
use crate::context;

/// What an [`Interval`] does when a tick is asked for more than 5 ms after it was due. A tick that is less late than that
/// changes nothing: the next one comes one period after the time for which this one was due. All as in tokio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// The missed ticks all come at once, then the old rhythm goes on.
    #[default]
    Burst,
    /// The next comes one period after the late one was asked for.
    Delay,
    /// They are left out; the old rhythm goes on.
    Skip,
}

/// How late a tick may be asked for without being missed.
const LATE_MAX: Duration = Duration::from_millis(5);

impl MissedTickBehavior {
    /// When the next tick is due after one that was missed.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            MissedTickBehavior::Burst => due + period,
            MissedTickBehavior::Delay => now + period,
            MissedTickBehavior::Skip => {
                let into_period = (now - due).as_nanos() % period.as_nanos();
                let ahead = u64::try_from(period.as_nanos() - into_period).unwrap_or(u64::MAX);
                now + Duration::from_nanos(ahead)
            }
        }
    }
}

/// Ticks every `period`, the first at once.
///
/// # Panics
/// Outside a run, or if `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(context::clock_now(), period)
}

/// Ticks every `period`, the first at `start`.
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "`period` must be non-zero.");
    Interval { sleep: sleep_until(start), period, missed: MissedTickBehavior::default() }
}

/// Ticks at a fixed period; made by [`interval`].
#[must_use = "an interval ticks only where `tick` is awaited"]
#[derive(Debug)]
pub struct Interval {
    sleep: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick, and gives the time for which it was due.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|context| self.poll_tick(context)).await
    }

    /// Polls for the next tick.
    ///
    /// # Panics
    /// Outside a run.
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        if Pin::new(&mut self.sleep).poll(context).is_pending() {
            return Poll::Pending;
        }
        let due = self.sleep.deadline();
        let now = context::clock_now();
        let next =
            if now > due + LATE_MAX { self.missed.next(due, now, self.period) } else { due + self.period };
        self.sleep.begin_again(next);
        Poll::Ready(due)
    }

    /// Makes the next tick come one period from now.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// Makes the next tick come at once.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reset_immediately(&mut self) {
        self.reset_after(Duration::ZERO);
    }

    /// Makes the next tick come after that time, whatever the period is.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(context::clock_now() + after);
    }

    /// Makes the next tick come at that time.
    ///
    /// # Panics
    /// Outside a run, if somebody waits for a tick.
    pub fn reset_at(&mut self, deadline: Instant) {
        Pin::new(&mut self.sleep).reset(deadline);
    }

    /// Says what happens to ticks that nobody waited for in time.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// What happens to ticks that nobody waited for in time.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}
