//! A point in virtual time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point in virtual time, in nanoseconds since the run began.
///
/// `Display` gives seconds: at least three decimals, and six or nine where they are needed to be exact.
///
/// ```
/// use sim_executor::Instant;
/// use std::time::Duration;
///
/// let later = Instant::START + Duration::from_millis(1_500);
/// assert_eq!(later.to_string(), "1.500");
/// assert_eq!((later + Duration::from_nanos(7)).to_string(), "1.500000007");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The beginning of every run.
    pub const START: Instant = Instant(0);
    /// The last instant that can be named, about 584 years after the start.
    pub const MAX: Instant = Instant(u64::MAX);

    /// The instant so many nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time since `earlier`, or zero if that is later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This instant plus `duration`, or [`Instant::MAX`] if that is further than can be named.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Instant {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(nanos))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::MAX`], so that a sleep "for ever" can be written.
    fn add(self, duration: Duration) -> Instant {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later, as with `std::time::Instant`.
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if nanos.is_multiple_of(1_000_000) {
            write!(out, "{seconds}.{:03}", nanos / 1_000_000)
        } else if nanos.is_multiple_of(1_000) {
            write!(out, "{seconds}.{:06}", nanos / 1_000)
        } else {
            write!(out, "{seconds}.{nanos:09}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_too_much_saturates_instead_of_wrapping() {
        assert_eq!(Instant::from_nanos(5) + Duration::MAX, Instant::MAX);
    }

    #[test]
    fn shows_as_many_decimals_as_are_exact() {
        assert_eq!(Instant::from_nanos(0).to_string(), "0.000");
        assert_eq!(Instant::from_nanos(2_000_250_000).to_string(), "2.000250");
        assert_eq!(Instant::from_nanos(1).to_string(), "0.000000001");
    }
}
