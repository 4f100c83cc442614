//! Every scenario on a fuzzer's bytes: what holds must hold, and equal bytes must give equal runs.
//!
//! `cargo fuzz run -s none scenarios`, with cargo-fuzz from crates.io. The first byte says which variant, the rest decides.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seedbed::{Config, Limits};
use sim_explorer::{Bytes, Expect, Scenario, Variant};

/// A connection gives up after seven SYNs that were lost. With fewer faults every scenario keeps its promise.
const FAULTS_MAX: u32 = 5;

fn variants() -> Vec<(&'static Scenario, &'static Variant)> {
    let scenarios = scenarios::all().iter();
    scenarios.flat_map(|scenario| scenario.variants.iter().map(move |variant| (scenario, variant))).collect()
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let variants = variants();
    let (scenario, variant) = variants[usize::from(first) % variants.len()];
    let settings = scenario.settings([]).expect("defaults are in range");
    // Enough for every scenario, and no more, so that a byte string cannot keep the fuzzer long.
    let limits = Limits { polls_max: 1_000_000, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let source = Bytes::new(bytes.to_vec()).with_yes_max(FAULTS_MAX);
    let run = || variant.run(&settings, config, Box::new(source.clone()));
    let (report, again) = (run(), run());
    let name = format!("{}/{}", scenario.name, variant.name);
    assert_eq!(report.hash, again.hash, "{name}: two runs on the same bytes differ");
    if variant.expect == Expect::Holds {
        assert!(report.outcome.is_done(), "{name}: {}", report.outcome);
    }
});
