//! What is left of failures once they are shrunk.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use sim_executor::{Config, World};
use sim_explorer::{Shrink, Shrunk, Strategy, Survey};

use crate::Scenario;
use crate::fewest::fewest;
use crate::measure::run;
use crate::network::{self, IDEAL};

/// Seeds among which failures are looked for.
const SEEDS: u64 = 5_000;

/// The sums over all failures that were shrunk.
#[derive(Debug, Default)]
struct Left {
    shrunk: u64,
    preemptions_found: u64,
    preemptions: u64,
    exceptions: u64,
    faults: u64,
    runs: u64,
    runs_max: u64,
    compared: u64,
    equal: u64,
}

impl Left {
    fn add(&mut self, shrunk: &Shrunk) {
        self.shrunk += 1;
        self.preemptions_found += shrunk.found.preemptions;
        self.preemptions += shrunk.cost.preemptions;
        self.exceptions += shrunk.cost.exceptions;
        self.faults += shrunk.cost.faults;
        self.runs += shrunk.runs;
        self.runs_max = self.runs_max.max(shrunk.runs);
    }
}

/// What is left of the first failures of three strategies, as `name=value` in one line. In a network in which nothing is drawn the failure is
/// compared with the fewest changes of turns that any failing run has.
pub(crate) fn line(scenario: Scenario, failures: usize) -> String {
    const COMPARED_RUNS_MAX: usize = 20_000;
    let mut world = World::default();
    let survey = Arc::new(Survey::of(Config::default(), |config, source| {
        run(&mut world, scenario, IDEAL, config, source)
    }));
    let mut left = Left::default();
    let mut least: BTreeMap<u64, Option<(u64, u64)>> = BTreeMap::new();
    for strategy in [Strategy::Random, Strategy::Walk, Strategy::PCT] {
        let mut found = 0;
        for seed in 0..SEEDS {
            let network = network::of_seed(seed);
            let mut make = |config, source| run(&mut world, scenario, network, config, source);
            let source = || strategy.source(seed, &survey);
            if found == failures || make(Config::default(), source()).outcome.is_done() {
                continue;
            }
            found += 1;
            let tell = &mut |_: &_| ControlFlow::Continue(());
            let shrunk = Shrink::default()
                .shrink(Config::default(), &source, &mut make, tell)
                .unwrap_or_else(|error| panic!("{strategy} seed {seed}: {error}"));
            left.add(&shrunk);
            if !network::draws(network) {
                let least = least.entry(network);
                let least =
                    least.or_insert_with(|| fewest(COMPARED_RUNS_MAX, Config::default(), &mut make));
                if let Some(least) = *least {
                    left.compared += 1;
                    left.equal += u64::from((shrunk.cost.preemptions, shrunk.cost.exceptions) <= least);
                }
            }
        }
    }
    let Left { shrunk, preemptions_found, preemptions, exceptions, faults, runs, runs_max, compared, equal } =
        left;
    format!(
        "shrunk={shrunk} preemptions_found={preemptions_found} preemptions={preemptions} \
         exceptions={exceptions} faults={faults} runs={runs} runs_max={runs_max} compared={compared} equal={equal}"
    )
}
