//! How long a packet takes: the distributions, drawn with whole numbers alone.

use std::time::Duration;

use sim_executor::{Label, LineageId, context};

use super::logarithm::{FRACTION_BITS, ONE, log2, times_power_of_2};
use crate::config_error::{ConfigError, DURATION_MAX, check_duration, check_number};

const LATENCY: Label = Label::new("link.latency");

/// How long a packet takes.
///
/// Where it is not always the same, it is drawn for each packet, so that packets overtake each other; the gentlest answer is
/// the least latency. Exponential and heavy-tailed latencies are drawn by inversion: a number `u` is drawn from [0, 1), with 32
/// bits, and the latency is the one that such a part of all packets stays below (L. Devroye, *Non-Uniform Random Variate
/// Generation*, 1986, section II.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Latency {
    /// Always the same.
    Fixed(#[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))] Duration),
    /// Anything between two bounds, all equally probable.
    Uniform {
        /// The least.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        min: Duration,
        /// The greatest, at least `min`.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        max: Duration,
    },
    /// Nothing for one packet of two, and for the others anything up to a bound, all equally probable. So some packets come at once while
    /// others are on their way.
    ZeroOr {
        /// The greatest.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        max: Duration,
    },
    /// The least, and an exponentially distributed time more: `min + (mean - min) · -ln(1 - u)`. That is what packets wait
    /// which come at random to a queue that is not full. At most about 22 times as far above the least as the mean is.
    Exponential {
        /// The least.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        min: Duration,
        /// The mean of all, at least `min`.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        mean: Duration,
    },
    /// Mostly little above the least, rarely far above: a Pareto distribution that is bounded,
    /// `min / (1 - u · (1 - (min/max)^shape))^(1/shape)` (Devroye, as above; its truncation as in section II.2.2).
    HeavyTail {
        /// The least; at least 1 ns.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        min: Duration,
        /// The greatest, at least `min`.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
        max: Duration,
        /// The shape of the tail, in hundredths: the lower, the heavier. At 100 each doubling of a latency is half as
        /// probable, at 200 a quarter. From 10 to 1,000.
        shape_percent: u32,
    },
}

/// The least and the greatest [`Latency::HeavyTail::shape_percent`].
const SHAPE_PERCENT: (u32, u32) = (10, 1_000);

impl Latency {
    /// The least, which is the gentlest.
    #[must_use]
    pub const fn min(&self) -> Duration {
        match *self {
            Latency::Fixed(latency) => latency,
            Latency::ZeroOr { .. } => Duration::ZERO,
            Latency::Uniform { min, .. }
            | Latency::Exponential { min, .. }
            | Latency::HeavyTail { min, .. } => min,
        }
    }

    /// # Errors
    /// If a field is out of its bounds.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Latency::Fixed(latency) => check_duration("latency", latency, Duration::ZERO, DURATION_MAX),
            Latency::ZeroOr { max } => check_duration("latency.max", max, Duration::ZERO, DURATION_MAX / 2),
            Latency::Uniform { min, max } => {
                check_duration("latency.min", min, Duration::ZERO, DURATION_MAX)?;
                check_duration("latency.max", max, min, DURATION_MAX)
            }
            Latency::Exponential { min, mean } => {
                check_duration("latency.min", min, Duration::ZERO, DURATION_MAX)?;
                check_duration("latency.mean", mean, min, DURATION_MAX)
            }
            Latency::HeavyTail { min, max, shape_percent } => {
                check_duration("latency.min", min, Duration::from_nanos(1), DURATION_MAX)?;
                check_duration("latency.max", max, min, DURATION_MAX)?;
                let (least, greatest) = (u64::from(SHAPE_PERCENT.0), u64::from(SHAPE_PERCENT.1));
                check_number("latency.shape_percent", u64::from(shape_percent), least, greatest)
            }
        }
    }
}

/// A latency as a link needs it: in nanoseconds, without what is never drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LatencyNs {
    Fixed(u64),
    Uniform { min: u64, max: u64 },
    ZeroOr { max: u64 },
    Exponential { min: u64, above_min: u64 },
    HeavyTail { min: u64, max: u64, shape_percent: u64, rest: u64 },
}

impl LatencyNs {
    /// Of one that was checked.
    pub(crate) fn new(latency: &Latency) -> Self {
        let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match *latency {
            Latency::ZeroOr { max } => LatencyNs::ZeroOr { max: ns(max) },
            Latency::Uniform { min, max } if min < max => LatencyNs::Uniform { min: ns(min), max: ns(max) },
            Latency::Exponential { min, mean } if min < mean => {
                LatencyNs::Exponential { min: ns(min), above_min: ns(mean) - ns(min) }
            }
            Latency::HeavyTail { min, max, shape_percent } if min < max => {
                let (min, max, shape_percent) = (ns(min), ns(max), u64::from(shape_percent));
                LatencyNs::HeavyTail { min, max, shape_percent, rest: part_beyond(min, max, shape_percent) }
            }
            Latency::Fixed(min)
            | Latency::Uniform { min, .. }
            | Latency::Exponential { min, .. }
            | Latency::HeavyTail { min, .. } => LatencyNs::Fixed(ns(min)),
        }
    }

    /// The latency of every packet, if it is always the same.
    #[inline]
    pub(super) fn fixed(&self) -> Option<u64> {
        if let LatencyNs::Fixed(latency) = *self { Some(latency) } else { None }
    }

    /// The latency of the next packet, in nanoseconds. `actor` is asked for only if there is something to decide.
    pub(super) fn draw(&self, actor: impl FnOnce() -> LineageId) -> u64 {
        self.draw_as(LATENCY, actor)
    }

    /// [`LatencyNs::draw`] for what is not a link's.
    pub(crate) fn draw_as(&self, label: Label, actor: impl FnOnce() -> LineageId) -> u64 {
        let quantile = |actor: LineageId| context::ask_int(actor, label, 0, u64::from(u32::MAX), 0);
        match *self {
            LatencyNs::Fixed(latency) => latency,
            LatencyNs::Uniform { min, max } => context::ask_int(actor(), label, min, max, min),
            LatencyNs::ZeroOr { max } => context::ask_int(actor(), label, 0, 2 * max, 0).saturating_sub(max),
            LatencyNs::Exponential { min, above_min } => exponential(min, above_min, quantile(actor())),
            LatencyNs::HeavyTail { min, max, shape_percent, rest } => {
                heavy_tail(min, max, shape_percent, rest, quantile(actor()))
            }
        }
    }
}

/// `min - above_min · ln(1 - u)`, where `quantile` is `u` in fixed point.
fn exponential(min: u64, above_min: u64, quantile: u64) -> u64 {
    /// The natural logarithm of 2, in fixed point.
    const LN_2: u128 = 2_977_044_471;
    // Of 1/(1 - u): between 0 and 32, in fixed point.
    let log2 = (u64::from(FRACTION_BITS) << FRACTION_BITS) - log2(ONE - quantile);
    let ln = (u128::from(log2) * LN_2) >> FRACTION_BITS;
    let above = (u128::from(above_min) * ln) >> FRACTION_BITS;
    min.saturating_add(u64::try_from(above).unwrap_or(u64::MAX))
}

/// `(min/max)^shape` in fixed point.
fn part_beyond(min: u64, max: u64, shape_percent: u64) -> u64 {
    let exponent = u128::from(log2(max) - log2(min)) * u128::from(shape_percent) / 100;
    // Two to the power of minus that: 2^(32 - exponent), in fixed point.
    match (u128::from(FRACTION_BITS) << FRACTION_BITS).checked_sub(exponent) {
        Some(exponent) => times_power_of_2(1, exponent as u64),
        None => 0,
    }
}

/// `min / (1 - u · (1 - rest))^(1/shape)`, where `quantile` is `u` and `rest` is `(min/max)^shape`, both in fixed point.
fn heavy_tail(min: u64, max: u64, shape_percent: u64, rest: u64, quantile: u64) -> u64 {
    let beyond = ONE - (((quantile as u128) * u128::from(ONE - rest)) >> FRACTION_BITS) as u64;
    // Of 1/beyond: between 0 and 32, in fixed point.
    let log2 = (u64::from(FRACTION_BITS) << FRACTION_BITS) - log2(beyond);
    let exponent = u128::from(log2) * 100 / u128::from(shape_percent);
    times_power_of_2(min, u64::try_from(exponent).unwrap_or(u64::MAX)).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sim_executor::mix;

    const LAST: u64 = u32::MAX as u64;

    /// Quantiles that are spread as those of a run are.
    fn quantiles(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(|number| mix(7, number) >> 32)
    }

    #[test]
    fn an_exponential_latency_has_its_mean_and_its_median() {
        let drawn: Vec<u64> =
            quantiles(100_000).map(|quantile| exponential(1_000_000, 9_000_000, quantile)).collect();
        let mean = drawn.iter().sum::<u64>() / 100_000;
        assert!((9_900_000..10_100_000).contains(&mean), "{mean}");
        // min + above_min * ln 2
        assert!(exponential(1_000_000, 9_000_000, 1 << 31).abs_diff(7_238_324) <= 1);
        assert_eq!(exponential(1_000_000, 9_000_000, 0), 1_000_000, "the gentlest is the least");
        // 32 * ln 2 = 22.18
        let greatest = exponential(1_000_000, 9_000_000, LAST);
        assert!((200_000_000..201_000_000).contains(&greatest), "{greatest}");
    }

    #[test]
    fn a_heavy_tail_halves_with_each_doubling_at_a_shape_of_one() {
        let (min, max) = (1_000_000, 1_000_000_000);
        let rest = part_beyond(min, max, 100);
        assert!(rest.abs_diff(ONE / 1_000) <= 4, "{rest}");
        let drawn: Vec<u64> =
            quantiles(100_000).map(|quantile| heavy_tail(min, max, 100, rest, quantile)).collect();
        let above = |latency: u64| drawn.iter().filter(|&&drawn| drawn > latency).count();
        for (latency, expected) in [(2_000_000, 50_000), (4_000_000, 25_000), (16_000_000, 6_250)] {
            let count = above(latency);
            assert!(count.abs_diff(expected) < expected / 20 + 100, "{count} of 100,000 above {latency}");
        }
        assert_eq!(heavy_tail(min, max, 100, rest, 0), min, "the gentlest is the least");
        let greatest = heavy_tail(min, max, 100, rest, LAST);
        assert!(greatest > max / 100 * 99 && greatest <= max, "{greatest}");
    }

    #[test]
    fn a_latency_that_cannot_vary_is_fixed() {
        let ms = Duration::from_millis(1);
        for latency in [
            Latency::Fixed(ms),
            Latency::Uniform { min: ms, max: ms },
            Latency::Exponential { min: ms, mean: ms },
            Latency::HeavyTail { min: ms, max: ms, shape_percent: 100 },
        ] {
            assert_eq!(LatencyNs::new(&latency), LatencyNs::Fixed(1_000_000));
            assert_eq!(latency.min(), ms);
        }
    }

    proptest! {
        #[test]
        fn a_later_quantile_is_no_shorter_and_none_leaves_the_bounds(
            min in 1_u64..u64::MAX / 2,
            span in 1_u64..u64::MAX / 2,
            shape_percent in 10_u64..=1_000,
            quantile in 0..LAST,
        ) {
            let max = min + span;
            let rest = part_beyond(min, max, shape_percent);
            let heavy = [0, quantile, quantile + 1, LAST]
                .map(|quantile| heavy_tail(min, max, shape_percent, rest, quantile));
            prop_assert_eq!(heavy[0], min);
            prop_assert!(heavy.is_sorted() && heavy[3] <= max, "{:?} up to {}", heavy, max);
            let exponential = [0, quantile, quantile + 1, LAST]
                .map(|quantile| exponential(min, span, quantile));
            prop_assert_eq!(exponential[0], min);
            prop_assert!(exponential.is_sorted(), "{:?}", exponential);
        }
    }
}
