//! The sending end of a link: a bandwidth with the queue before it.

use std::time::Duration;

use sim_executor::Instant;

const SECOND_NS: u128 = Duration::from_secs(1).as_nanos();

/// Sends one packet after the other, each at the bandwidth; what waits is bounded.
#[derive(Debug)]
pub(super) struct Transmitter {
    bytes_per_second: u64,
    queue_bytes: u64,
    /// When it has sent all that it took.
    idle_at: u64,
    /// What `idle_at` leaves out, in parts of a nanosecond: so many of `bytes_per_second`. So the rate is exact.
    remainder: u128,
}

impl Transmitter {
    pub(super) fn new(bytes_per_second: u64, queue_bytes: u64) -> Self {
        Transmitter { bytes_per_second, queue_bytes, idle_at: 0, remainder: 0 }
    }

    /// The same, with what `other` has still to send before it.
    pub(super) fn after(self, other: Option<&Transmitter>) -> Self {
        Transmitter { idle_at: other.map_or(0, |other| other.idle_at), ..self }
    }

    /// When the last byte of a packet leaves that is put into the queue now; `None` if there is no room for it.
    pub(super) fn send(&mut self, now: Instant, bytes: u64) -> Option<Instant> {
        let now = now.as_nanos();
        // What is left of a nanosecond counts too.
        if (self.idle_at, self.remainder) <= (now, 0) {
            (self.idle_at, self.remainder) = (now, 0);
        } else if self.waiting_bytes(now).saturating_add(bytes) > self.queue_bytes {
            return None;
        }
        let bytes_per_second = u128::from(self.bytes_per_second);
        let work = u128::from(bytes) * SECOND_NS + self.remainder;
        self.remainder = work % bytes_per_second;
        let ns = u64::try_from(work / bytes_per_second).unwrap_or(u64::MAX);
        self.idle_at = self.idle_at.saturating_add(ns);
        Some(Instant::from_nanos(self.idle_at))
    }

    /// When it has sent all that it took.
    pub(super) fn idle_at(&self) -> Instant {
        Instant::from_nanos(self.idle_at)
    }

    /// Bytes that have not left.
    fn waiting_bytes(&self, now: u64) -> u64 {
        let bytes_per_second = u128::from(self.bytes_per_second);
        let work = u128::from(self.idle_at - now) * bytes_per_second + self.remainder;
        u64::try_from(work.div_ceil(SECOND_NS)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_leave_at_the_bandwidth_one_after_the_other() {
        let mut transmitter = Transmitter::new(1_000, 1_000);
        let mut left = |now, bytes| transmitter.send(Instant::from_nanos(now), bytes).map(Instant::as_nanos);
        assert_eq!(left(0, 500), Some(500_000_000));
        assert_eq!(left(100_000_000, 500), Some(1_000_000_000));
        assert_eq!(left(2_000_000_000, 1), Some(2_001_000_000), "it was idle in between");
    }

    #[test]
    fn what_does_not_fit_into_the_queue_is_refused() {
        let mut transmitter = Transmitter::new(1_000, 1_000);
        let now = Instant::from_nanos(0);
        assert!(transmitter.send(now, 600).is_some());
        assert_eq!(transmitter.send(now, 401), None);
        assert!(transmitter.send(now, 400).is_some());
        assert_eq!(transmitter.send(now, 1), None);
        assert!(transmitter.send(Instant::from_nanos(1_000_000), 1).is_some(), "a byte has left");
    }

    #[test]
    fn a_packet_that_is_larger_than_the_queue_goes_when_nothing_is_before_it() {
        let mut transmitter = Transmitter::new(1_000, 10);
        assert!(transmitter.send(Instant::from_nanos(0), 1_000).is_some());
        assert_eq!(transmitter.send(Instant::from_nanos(0), 1), None);
    }

    proptest! {
        #[test]
        fn the_rate_is_exact_however_it_is_cut(
            bytes_per_second in 1_u64..=1 << 40,
            sizes in prop::collection::vec(1_u64..10_000, 1..50),
        ) {
            let mut transmitter = Transmitter::new(bytes_per_second, u64::MAX);
            let mut last = Instant::START;
            for &size in &sizes {
                last = transmitter.send(Instant::START, size).unwrap();
            }
            let total = u128::from(sizes.iter().sum::<u64>()) * SECOND_NS / u128::from(bytes_per_second);
            prop_assert_eq!(u128::from(last.as_nanos()), total);
        }
    }
}
