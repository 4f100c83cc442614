//! Ticks at a fixed period.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Sleep, sleep_until};
use crate::clock::Instant;
use crate::context;

/// What an [`Interval`] does with the ticks for which nobody waited in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// They all come at once, then the old rhythm goes on.
    #[default]
    Burst,
    /// The next comes one period after the late one.
    Delay,
    /// They are left out; the old rhythm goes on.
    Skip,
}

/// Ticks every `period`, the first at once.
///
/// # Panics
/// Outside a run, or if `period` is zero.
pub fn interval(period: Duration) -> Interval {
    interval_at(context::clock_now(), period)
}

/// Ticks every `period`, the first at `start`.
///
/// # Panics
/// If `period` is zero.
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an interval must be above zero");
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
        let next = due + self.period;
        let next = match self.missed {
            _ if now < next => next,
            MissedTickBehavior::Burst => next,
            MissedTickBehavior::Delay => now + self.period,
            MissedTickBehavior::Skip => {
                let period = self.period.as_nanos().max(1);
                let since = (now - due).as_nanos() % period;
                let ahead = u64::try_from(period - since).unwrap_or(u64::MAX);
                now + Duration::from_nanos(ahead)
            }
        };
        self.sleep.reset(next);
        Poll::Ready(due)
    }

    /// Makes the next tick come one period from now.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reset(&mut self) {
        self.sleep.reset(context::clock_now() + self.period);
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
