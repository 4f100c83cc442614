//! What a test showed.

use sim_executor::Trace;

use crate::divergence::Divergence;
use crate::failed_run::FailedRun;

/// What a test showed in which no run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// How many runs there were, those that were made twice counted once.
    pub runs: u64,
    /// The hash of each run, in order: equal for equal tests.
    pub hashes: Vec<u64>,
    /// What happened in the only run; empty if there were more.
    pub log: Trace,
}

/// What a test showed otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A run failed.
    #[error(transparent)]
    Failed(Box<FailedRun>),
    /// Two equal runs were not equal.
    #[error(transparent)]
    Diverged(Box<Divergence>),
}

impl From<FailedRun> for SweepError {
    fn from(failed: FailedRun) -> Self {
        SweepError::Failed(Box::new(failed))
    }
}

impl From<Divergence> for SweepError {
    fn from(divergence: Divergence) -> Self {
        SweepError::Diverged(Box::new(divergence))
    }
}
