//! What the runs of one program showed.

use std::collections::{BTreeMap, BTreeSet};

use sim_executor::{Report, hash_str, mix};

use super::PropertyTally;
use crate::run_seed::RunSeed;
use crate::signature::{self, Signature};
use crate::strategy::Strategy;

/// How one run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// One word: see [`Outcome::word`](sim_executor::Outcome::word); [`RunResult::DIED`] if the run has ended its process.
    pub outcome: &'static str,
    /// What went wrong, if something did.
    pub message: Option<String>,
    /// The run's hash; zero if it has ended its process, as then nobody knows it.
    pub hash: u64,
}

impl From<&Report> for RunResult {
    fn from(report: &Report) -> Self {
        let message = (!report.outcome.is_done()).then(|| report.outcome.to_string());
        RunResult { outcome: report.outcome.word(), message, hash: report.hash }
    }
}

impl RunResult {
    /// The outcome of a run that has ended its process.
    pub const DIED: &'static str = signature::DIED;

    /// The run's hash, if it came to its end.
    #[must_use]
    pub fn known_hash(&self) -> Option<u64> {
        (self.outcome != Self::DIED).then_some(self.hash)
    }

    /// Whether something went wrong.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.message.is_some()
    }
}

/// A seed whose run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedSeed {
    /// The seed.
    pub seed: u64,
    /// How its run ended.
    pub result: RunResult,
}

/// What the runs of one program showed. It depends on which runs there were, not on their order, nor on which thread
/// made them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many seeds were run. The run in production order counts apart.
    pub runs: u64,
    /// How many of those failed.
    pub failures: u64,
    /// The least seed that failed.
    pub first_failure: Option<FailedSeed>,
    /// How the run in production order ended, if there was one.
    pub production: Option<RunResult>,
    /// What all these runs have passed.
    pub properties: PropertyTally,
    /// What the runs of each strategy showed, by its name.
    pub strategies: BTreeMap<&'static str, StrategyTally>,
    /// The failures that are not the same, production order's too.
    pub distinct: BTreeMap<Signature, DistinctFailures>,
    /// The hashes of the runs, up to a million of them.
    pub orders: BTreeSet<u64>,
    /// One number out of the hashes of all runs, each with its seed, production order's too: where it is equal, so were all of the runs.
    pub digest: u64,
}

/// What the runs of one strategy showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrategyTally {
    /// How many there were.
    pub runs: u64,
    /// How many of them failed.
    pub failures: u64,
}

/// Runs that failed in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistinctFailures {
    /// How many.
    pub runs: u64,
    /// The first of them.
    pub first: RunSeed,
}

/// No more different runs are told apart, so that a sweep of any length needs so much memory.
const ORDERS_MAX: usize = 1 << 20;

impl Tally {
    /// Counts a run of a sweep by this strategy.
    pub fn add(&mut self, run: RunSeed, strategy: Strategy, report: &Report) {
        self.properties.add(report);
        self.add_order(report.hash);
        self.add_to_digest(run, report.hash);
        if let Some(signature) = Signature::of(report) {
            let distinct = self.distinct.entry(signature).or_insert(DistinctFailures { runs: 0, first: run });
            distinct.runs += 1;
            distinct.first = distinct.first.min(run);
        }
        let seed = match run {
            RunSeed::Production => {
                self.production = Some(report.into());
                return;
            }
            RunSeed::Seed(seed) => seed,
        };
        self.runs += 1;
        let of_strategy = self.strategies.entry(strategy.of_seed(seed).name()).or_default();
        of_strategy.runs += 1;
        if report.outcome.is_done() {
            return;
        }
        of_strategy.failures += 1;
        self.failures += 1;
        if self.first_failure.as_ref().is_none_or(|first| seed < first.seed) {
            self.first_failure = Some(FailedSeed { seed, result: report.into() });
        }
    }

    /// Counts a run that has ended its process, in which case there is nobody left to make its report: that run failed. The first line of
    /// the message says how the process ended.
    pub fn add_death(&mut self, run: RunSeed, strategy: Strategy, message: &str) {
        let result = RunResult { outcome: RunResult::DIED, message: Some(message.to_string()), hash: 0 };
        self.add_to_digest(run, hash_str(RunResult::DIED));
        let distinct = self
            .distinct
            .entry(Signature::of_death(message))
            .or_insert(DistinctFailures { runs: 0, first: run });
        distinct.runs += 1;
        distinct.first = distinct.first.min(run);
        let RunSeed::Seed(seed) = run else {
            self.production = Some(result);
            return;
        };
        self.runs += 1;
        self.failures += 1;
        let of_strategy = self.strategies.entry(strategy.of_seed(seed).name()).or_default();
        of_strategy.runs += 1;
        of_strategy.failures += 1;
        if self.first_failure.as_ref().is_none_or(|first| seed < first.seed) {
            self.first_failure = Some(FailedSeed { seed, result });
        }
    }

    /// Adds what other runs of the same program showed.
    pub fn merge(&mut self, other: Tally) {
        self.runs += other.runs;
        self.failures += other.failures;
        let both = [self.first_failure.take(), other.first_failure];
        self.first_failure = both.into_iter().flatten().min_by_key(|failure| failure.seed);
        self.production = self.production.take().or(other.production);
        self.properties.merge(other.properties);
        for (name, other) in other.strategies {
            let sum = self.strategies.entry(name).or_default();
            sum.runs += other.runs;
            sum.failures += other.failures;
        }
        for (signature, other) in other.distinct {
            let sum = self.distinct.entry(signature).or_insert(DistinctFailures { runs: 0, ..other });
            sum.runs += other.runs;
            sum.first = sum.first.min(other.first);
        }
        other.orders.into_iter().for_each(|hash| self.add_order(hash));
        self.digest = self.digest.wrapping_add(other.digest);
    }

    /// Adds a run, whichever come before it.
    fn add_to_digest(&mut self, run: RunSeed, hash: u64) {
        let seed = match run {
            RunSeed::Production => hash_str("production"),
            RunSeed::Seed(seed) => seed,
        };
        self.digest = self.digest.wrapping_add(mix(seed, hash));
    }

    fn add_order(&mut self, hash: u64) {
        if self.orders.len() < ORDERS_MAX {
            self.orders.insert(hash);
        }
    }

    /// How many different runs there were, by their hashes; a million and more are told as 1,048,576.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.orders.len() as u64
    }

    /// Whether some run failed, in production order or under a seed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failures > 0 || self.production.as_ref().is_some_and(RunResult::is_failure)
    }

    /// The first run of the sweep that failed, and how.
    #[must_use]
    pub fn first_failing(&self) -> Option<(RunSeed, &RunResult)> {
        let production = self.production.as_ref().filter(|result| result.is_failure());
        let seed = self.first_failure.as_ref().map(|failure| (RunSeed::Seed(failure.seed), &failure.result));
        production.map(|result| (RunSeed::Production, result)).or(seed)
    }
}
