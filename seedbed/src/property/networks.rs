//! Strategies for networks.

use std::time::Duration;

use proptest::prelude::*;
use sim_executor::Ratio;
use sim_net::profile::{self, Profile};
use sim_net::{Latency, LinkConfig};

/// Any link over which a connection still makes its way: latencies to a second, a bandwidth or none, and up to one packet out of five
/// that is lost, late, doubled, overtaken or corrupted. It shrinks to a perfect link.
///
/// ```
/// use proptest::strategy::{Strategy as _, ValueTree as _};
/// use proptest::test_runner::TestRunner;
/// use seedbed::net::LinkConfig;
///
/// let mut drawn = seedbed::property::links().new_tree(&mut TestRunner::deterministic()).unwrap();
/// assert!(drawn.current().check().is_ok());
/// while drawn.simplify() {}
/// assert_eq!(drawn.current(), LinkConfig::fixed(std::time::Duration::ZERO));
/// ```
pub fn links() -> impl Strategy<Value = LinkConfig> {
    let bandwidth = prop::option::weighted(0.3, 10_000_u64..1_000_000_000);
    let ratios = [faults(), faults(), faults(), faults(), faults()];
    let delays = [millis(1..=1_000), millis(1..=1_000)];
    (latencies(), bandwidth, ratios, delays).prop_map(
        |(latency, bandwidth_bytes_per_second, ratios, [delay_max, reorder_max])| {
            let [loss, delay, duplicate, reorder, corrupt] = ratios;
            let defaults = LinkConfig::fixed(Duration::ZERO);
            // What is not used is as it is by default, so that it is not looked at.
            let delay_max = if delay.is_never() { defaults.delay_max } else { delay_max };
            let reorder_max = if reorder.is_never() { defaults.reorder_max } else { reorder_max };
            LinkConfig {
                latency,
                bandwidth_bytes_per_second,
                loss,
                delay,
                delay_max,
                duplicate,
                reorder,
                reorder_max,
                corrupt,
                ..defaults
            }
        },
    )
}

/// One of the networks that [`net::profile`](crate::net::profile) has, or any of [`links`]; it shrinks to a perfect one.
pub fn profiles() -> impl Strategy<Value = Profile> {
    let known: Vec<LinkConfig> = profile::ALL.into_iter().map(|(_, link)| link).collect();
    let link = prop_oneof![1 => Just(LinkConfig::fixed(Duration::ZERO)), 2 => links(), 2 => prop::sample::select(known)];
    link.prop_map(|link| Profile { link: Some(link), ..Profile::default() })
}

fn millis(range: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = Duration> + Clone {
    range.prop_map(Duration::from_millis)
}

fn latencies() -> impl Strategy<Value = Latency> {
    let pair = (millis(0..=500), millis(0..=500));
    prop_oneof![
        2 => millis(0..=1_000).prop_map(Latency::Fixed),
        2 => pair.clone().prop_map(|(min, more)| Latency::Uniform { min, max: min + more }),
        1 => pair.prop_map(|(min, more)| Latency::Exponential { min, mean: min + more }),
    ]
}

/// Never, or up to once out of five.
fn faults() -> impl Strategy<Value = Ratio> {
    prop_oneof![
        2 => Just(Ratio::NEVER),
        1 => (5_u32..=1_000).prop_map(Ratio::one_in),
    ]
}
