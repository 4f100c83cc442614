//! What the runs of one program showed.

use sim_executor::Report;

use super::PropertyTally;
use crate::run_seed::RunSeed;

/// How one run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// One word: see [`Outcome::word`](sim_executor::Outcome::word).
    pub outcome: &'static str,
    /// What went wrong, if something did.
    pub message: Option<String>,
    /// The run's hash.
    pub hash: u64,
}

impl From<&Report> for RunResult {
    fn from(report: &Report) -> Self {
        let message = (!report.outcome.is_done()).then(|| report.outcome.to_string());
        RunResult { outcome: report.outcome.word(), message, hash: report.hash }
    }
}

impl RunResult {
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
}

impl Tally {
    /// Counts a run.
    pub fn add(&mut self, run: RunSeed, report: &Report) {
        self.properties.add(report);
        let seed = match run {
            RunSeed::Production => {
                self.production = Some(report.into());
                return;
            }
            RunSeed::Seed(seed) => seed,
        };
        self.runs += 1;
        if report.outcome.is_done() {
            return;
        }
        self.failures += 1;
        if self.first_failure.as_ref().is_none_or(|first| seed < first.seed) {
            self.first_failure = Some(FailedSeed { seed, result: report.into() });
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
