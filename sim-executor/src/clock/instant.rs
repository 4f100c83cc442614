//! A point in virtual time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// A point in virtual time, in nanoseconds since the run began; one before the run is negative.
///
/// It has what `tokio::time::Instant` has, except for the way from and to `std::time::Instant`, which only the machine's own
/// clock can make. Arithmetic saturates where tokio's panics. `Display` gives seconds: at least three decimals, and six or nine
/// where they are needed to be exact.
///
/// ```
/// use sim_executor::Instant;
/// use std::time::Duration;
///
/// let later = Instant::START + Duration::from_millis(1_500);
/// assert_eq!(later.to_string(), "1.500");
/// assert_eq!((later + Duration::from_nanos(7)).to_string(), "1.500000007");
/// assert_eq!((later - Duration::from_secs(2)).to_string(), "-0.500");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The beginning of every run.
    pub const START: Instant = Instant(0);
    /// The last instant that can be named, about 292 years after the start.
    pub const MAX: Instant = Instant(i64::MAX);
    /// The first instant that can be named, about 292 years before the start.
    const MIN: Instant = Instant(i64::MIN);

    /// The instant so many nanoseconds after the start, or [`Instant::MAX`] if that is further than can be named.
    #[inline]
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > i64::MAX.unsigned_abs() { Instant::MAX } else { Instant(nanos.cast_signed()) }
    }

    /// Nanoseconds since the start; zero for an instant before it.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        if self.0 < 0 { 0 } else { self.0.cast_unsigned() }
    }

    /// The instant so many nanoseconds later, or [`Instant::MAX`] if that is further than can be named.
    #[inline]
    #[must_use]
    pub const fn saturating_add_nanos(self, nanos: u64) -> Instant {
        // One sum whose overflow is looked at, unless it is of more than any run lasts.
        if nanos <= i64::MAX.cast_unsigned()
            && let Some(sum) = self.0.checked_add(nanos.cast_signed())
        {
            return Instant(sum);
        }
        Instant(self.0.saturating_add_unsigned(nanos))
    }

    /// Nanoseconds since `earlier`; zero if that is later.
    #[inline]
    #[must_use]
    pub const fn nanos_since(self, earlier: Instant) -> u64 {
        if self.0 < earlier.0 { 0 } else { self.0.abs_diff(earlier.0) }
    }

    /// The time since `earlier`, or zero if that is later.
    #[must_use]
    pub const fn duration_since(&self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time since `earlier`, or zero if that is later.
    #[inline]
    #[must_use]
    pub const fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// The time since `earlier`, or `None` if that is later.
    #[must_use]
    pub const fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        if self.0 < earlier.0 { None } else { Some(self.saturating_duration_since(earlier)) }
    }

    /// This instant plus `duration`, or `None` if that is further than can be named.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add_unsigned(nanos_of(duration)?).map(Instant)
    }

    /// This instant less `duration`, or `None` if that is further than can be named.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub_unsigned(nanos_of(duration)?).map(Instant)
    }

    /// This instant plus `duration`, or [`Instant::MAX`] if that is further than can be named.
    #[inline]
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Instant {
        self.checked_add(duration).unwrap_or(Instant::MAX)
    }
}

/// Its nanoseconds, if they are so few that they can be told apart from all others.
#[inline]
fn nanos_of(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_nanos()).ok()
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::MAX`], so that a sleep "for ever" can be written.
    #[inline]
    fn add(self, duration: Duration) -> Instant {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    /// Saturates about 292 years before the start. What a program wants to be long over may be before the run.
    fn sub(self, duration: Duration) -> Instant {
        self.checked_sub(duration).unwrap_or(Instant::MIN)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
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
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        if nanos.is_multiple_of(1_000_000) {
            write!(out, "{sign}{seconds}.{:03}", nanos / 1_000_000)
        } else if nanos.is_multiple_of(1_000) {
            write!(out, "{sign}{seconds}.{:06}", nanos / 1_000)
        } else {
            write!(out, "{sign}{seconds}.{nanos:09}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_too_much_saturates_instead_of_wrapping() {
        assert_eq!(Instant::from_nanos(5) + Duration::MAX, Instant::MAX);
        assert_eq!(Instant::from_nanos(u64::MAX), Instant::MAX);
        assert_eq!(Instant::START.checked_add(Duration::MAX), None);
    }

    #[test]
    fn nanoseconds_are_counted_between_any_two_instants() {
        let (early, late) = (Instant::from_nanos(5), Instant::from_nanos(12));
        assert_eq!(early.saturating_add_nanos(7), late);
        assert_eq!((late.nanos_since(early), early.nanos_since(late)), (7, 0));
        assert_eq!(late.saturating_add_nanos(u64::MAX), Instant::MAX);
        assert_eq!(Instant::MIN.saturating_add_nanos(u64::MAX), Instant::MAX);
        assert_eq!(Instant::MAX.nanos_since(Instant::MIN), u64::MAX);
    }

    #[test]
    fn an_instant_before_the_run_is_earlier_and_has_no_nanoseconds() {
        let before = Instant::from_nanos(5) - Duration::from_nanos(7);
        assert!(before < Instant::START);
        assert_eq!(before.as_nanos(), 0);
        assert_eq!(before + Duration::from_nanos(7), Instant::from_nanos(5));
        assert_eq!(Instant::START.duration_since(before), Duration::from_nanos(2));
        assert_eq!(before.checked_duration_since(Instant::START), None);
        assert_eq!(Instant::START - Duration::MAX, Instant::MIN);
        assert_eq!(Instant::MAX - Instant::MIN, Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn shows_as_many_decimals_as_are_exact() {
        assert_eq!(Instant::from_nanos(0).to_string(), "0.000");
        assert_eq!(Instant::from_nanos(2_000_250_000).to_string(), "2.000250");
        assert_eq!(Instant::from_nanos(1).to_string(), "0.000000001");
        assert_eq!((Instant::START - Duration::from_micros(1)).to_string(), "-0.000001");
    }
}
