//! The retransmission timeout, from measured round trips (RFC 6298, with Linux's least value).

use super::rules::Rules;

/// The estimate of one connection; all times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrip {
    /// Zero until a round trip was measured.
    smoothed: u64,
    /// The mean deviation.
    deviation: u64,
    timeout: u64,
}

impl RoundTrip {
    pub(crate) fn new(rules: &Rules) -> Self {
        RoundTrip { smoothed: 0, deviation: 0, timeout: rules.rto_initial }
    }

    /// Takes a measured round trip into account.
    ///
    /// RFC 6298 (2.3, 2.4) has the least value for the whole timeout. Linux has it for the term of the deviation alone
    /// (`tcp_rto_min` bounds `mdev_max`, and `__tcp_set_rto` adds that to `srtt`), so that the timeout is always that long
    /// after the acknowledgement should have come.
    #[inline(always)]
    pub(crate) fn measured(&mut self, took: u64, rules: &Rules) {
        let took = took.clamp(1, u64::MAX / 8);
        if took != self.smoothed || self.deviation > 0 {
            self.adapt(took, rules);
        }
    }

    fn adapt(&mut self, took: u64, rules: &Rules) {
        if self.smoothed == 0 {
            self.smoothed = took;
            self.deviation = took / 2;
        } else {
            self.deviation = (3 * self.deviation + self.smoothed.abs_diff(took)) / 4;
            self.smoothed = (7 * self.smoothed + took) / 8;
        }
        let margin = (4 * self.deviation).max(rules.rto_min);
        self.timeout = self.smoothed.saturating_add(margin).min(rules.rto_max);
    }

    /// How long to wait for an acknowledgement.
    #[inline]
    pub(crate) fn timeout(&self) -> u64 {
        self.timeout
    }

    /// How long to wait after `backoff` timeouts in a row.
    #[cold]
    pub(crate) fn timeout_after(&self, backoff: u32, rules: &Rules) -> u64 {
        let factor = 1_u64.checked_shl(backoff).unwrap_or(u64::MAX);
        self.timeout.saturating_mul(factor).min(rules.rto_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::TcpConfig;

    const MS: u64 = 1_000_000;

    #[test]
    fn the_timeout_follows_rfc_6298() {
        let rules = Rules::new(TcpConfig::default());
        let mut round_trip = RoundTrip::new(&rules);
        assert_eq!(round_trip.timeout(), 1_000 * MS);
        round_trip.measured(400 * MS, &rules);
        assert_eq!(round_trip.timeout(), 1_200 * MS, "R + 4 * R/2");
        round_trip.measured(400 * MS, &rules);
        assert_eq!(round_trip.timeout(), 1_000 * MS, "R + 4 * 3/4 * R/2");
    }

    #[test]
    fn the_timeout_is_never_closer_to_the_round_trip_than_200_ms() {
        let rules = Rules::new(TcpConfig::default());
        let mut round_trip = RoundTrip::new(&rules);
        round_trip.measured(300 * MS, &rules);
        assert_eq!(round_trip.timeout(), 900 * MS, "R + 4 * R/2");
        for _ in 0..100 {
            round_trip.measured(300 * MS, &rules);
        }
        assert_eq!(round_trip.timeout(), 500 * MS, "a steady round trip, and 200 ms more");
    }

    #[test]
    fn the_timeout_has_a_greatest_value_before_it_doubles() {
        let rules = Rules::new(TcpConfig::default());
        let mut round_trip = RoundTrip::new(&rules);
        round_trip.measured(100_000 * MS, &rules);
        assert_eq!(round_trip.timeout(), 120_000 * MS);
    }

    #[test]
    fn the_timeout_doubles_between_its_bounds() {
        let rules = Rules::new(TcpConfig::default());
        let mut round_trip = RoundTrip::new(&rules);
        round_trip.measured(MS, &rules);
        let timeouts = [0, 1, 9, 10, 31, 64, 1_000].map(|backoff| round_trip.timeout_after(backoff, &rules));
        assert_eq!(timeouts, [201, 402, 102_912, 120_000, 120_000, 120_000, 120_000].map(|ms| ms * MS));
    }
}
