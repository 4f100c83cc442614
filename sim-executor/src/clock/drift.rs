//! A clock that runs faster or slower than the world's.

use super::Instant;

const BILLION: i64 = 1_000_000_000;

/// How fast a node's clock can be too fast or too slow: a tenth. So its readings can be turned back into the world's time,
/// and are off by no more than a nanosecond then.
pub(crate) const DRIFT_PPB_MAX: i32 = 100_000_000;

/// A clock that agrees with the world's at one point, and has drifted since then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DriftingClock {
    world: Instant,
    local: Instant,
    drift_ppb: i32,
}

impl DriftingClock {
    pub(crate) fn drift_ppb(self) -> i32 {
        self.drift_ppb
    }

    /// Nanoseconds of this clock in a billion of the world's.
    fn rate(self) -> u128 {
        (BILLION + i64::from(self.drift_ppb)).unsigned_abs().into()
    }

    /// What it shows at a time of the world; before the last change of its drift, what it showed at that change.
    pub(crate) fn local(self, world: Instant) -> Instant {
        if self.drift_ppb == 0 && self.local == self.world {
            return world;
        }
        let since = u128::from(world.as_nanos().saturating_sub(self.world.as_nanos()));
        add(self.local, since * self.rate() / u128::from(BILLION.unsigned_abs()))
    }

    /// The first time of the world at which it shows that.
    pub(crate) fn world(self, local: Instant) -> Instant {
        if self.drift_ppb == 0 && self.local == self.world {
            return local;
        }
        let until = u128::from(local.as_nanos().saturating_sub(self.local.as_nanos()));
        add(self.world, (until * u128::from(BILLION.unsigned_abs())).div_ceil(self.rate()))
    }

    /// Drifts otherwise from a time of the world on. What it shows then does not jump.
    pub(crate) fn set_drift(&mut self, world: Instant, drift_ppb: i32) {
        let world = world.max(self.world);
        *self = DriftingClock { world, local: self.local(world), drift_ppb };
    }
}

fn add(to: Instant, nanos: u128) -> Instant {
    let sum = u128::from(to.as_nanos()).saturating_add(nanos);
    Instant::from_nanos(u64::try_from(sum).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn a_clock_that_never_drifted_shows_the_worlds_time() {
        let clock = DriftingClock::default();
        assert_eq!((clock.local(at(7)), clock.world(Instant::MAX)), (at(7), Instant::MAX));
    }

    #[test]
    fn a_millionth_is_a_microsecond_in_a_second() {
        let mut clock = DriftingClock::default();
        clock.set_drift(at(0), 1_000);
        assert_eq!(clock.local(at(1_000_000_000)), at(1_000_001_000));
        clock.set_drift(at(1_000_000_000), -1_000);
        assert_eq!(clock.local(at(2_000_000_000)), at(2_000_000_000));
        assert_eq!(clock.world(at(1_000_001_000)), at(1_000_000_000));
    }

    #[test]
    fn the_ends_of_time_saturate() {
        for drift_ppb in [-DRIFT_PPB_MAX, DRIFT_PPB_MAX] {
            let mut clock = DriftingClock::default();
            clock.set_drift(at(5), drift_ppb);
            let end = Instant::MAX.as_nanos();
            assert!(clock.local(Instant::MAX) >= at(end / 10 * 9));
            assert!(clock.world(Instant::MAX) >= at(end / 11 * 10));
        }
    }

    fn changes() -> impl Strategy<Value = Vec<(u64, i32)>> {
        prop::collection::vec((0_u64..1 << 40, -DRIFT_PPB_MAX..=DRIFT_PPB_MAX), 0..6)
    }

    /// The clock after all changes, which come one after the other, and the time of the last one.
    fn changed(changes: &[(u64, i32)]) -> (DriftingClock, u64) {
        let (mut clock, mut now) = (DriftingClock::default(), 0);
        for &(after, drift_ppb) in changes {
            now += after;
            let before = clock.local(at(now));
            clock.set_drift(at(now), drift_ppb);
            assert_eq!(clock.local(at(now)), before, "it jumps");
        }
        (clock, now)
    }

    proptest! {
        #[test]
        fn it_never_goes_back(changes in changes(), times in prop::collection::vec(any::<u64>(), 2)) {
            let (clock, _) = changed(&changes);
            let (early, late) = (times[0].min(times[1]), times[0].max(times[1]));
            prop_assert!(clock.local(at(early)) <= clock.local(at(late)));
            prop_assert!(clock.world(at(early)) <= clock.world(at(late)));
        }

        #[test]
        fn its_time_is_turned_back_within_a_nanosecond(changes in changes(), after in 0_u64..1 << 62) {
            let (clock, changed_at) = changed(&changes);
            let world = changed_at + after;
            let back = clock.world(clock.local(at(world))).as_nanos();
            prop_assert!(back <= world && world - back <= 1, "{world} became {back}");
        }

        #[test]
        fn a_timer_is_due_when_the_clock_shows_its_time_and_not_before(changes in changes(), after in 1_u64..1 << 62) {
            let (clock, changed_at) = changed(&changes);
            let local = clock.local(at(changed_at)).as_nanos() + after;
            let due = clock.world(at(local));
            let shown = clock.local(due).as_nanos();
            prop_assert!(shown >= local && shown - local <= 1, "{local} is {shown} then");
            prop_assert!(clock.local(at(due.as_nanos() - 1)).as_nanos() < local);
        }
    }
}
