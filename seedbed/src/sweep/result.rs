//! What a test showed.

use std::collections::BTreeSet;
use std::fmt;

use sim_executor::Trace;
use sim_explorer::{PropertyTally, Recipe};

use crate::divergence::Divergence;
use crate::failed_run::FailedRun;

/// What a test showed in which no run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// How many runs there were, those that were made twice counted once.
    pub runs: u64,
    /// The hash of each run, in order: equal for equal tests.
    pub hashes: Vec<u64>,
    /// With so many deviations from the default order no run fails, nor with fewer: all of them were made. `None` if not even that
    /// without any was; `u32::MAX` if there are no others.
    pub exhausted: Option<u32>,
    /// What happened in the only run; empty if there were more.
    pub log: Trace,
    /// The properties that the runs have passed.
    pub properties: PropertyTally,
}

impl fmt::Display for Passed {
    /// How many runs there were, how far `each` came, and the properties that the runs have passed. A test prints it: `cargo test` shows
    /// that of tests that pass with `-- --show-output`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let different = self.hashes.iter().collect::<BTreeSet<_>>().len();
        write!(out, "{} runs, {different} of them different: none failed", self.runs)?;
        match self.exhausted {
            None => {}
            Some(u32::MAX) => write!(out, "; `each` has made all runs there are")?,
            Some(0) => {
                write!(out, "; `each` was cut off among the runs with one deviation from the default order")?
            }
            Some(1) => write!(out, "; no single deviation from the default order breaks it")?,
            Some(depth) => write!(out, "; no {depth} deviations from the default order break it")?,
        }
        if self.properties.is_empty() { Ok(()) } else { write!(out, "\n{}", self.properties) }
    }
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
    /// No run failed, and a property that is to hold in some run held in none.
    #[error(transparent)]
    NeverHit(NeverHit),
    /// The only run that was asked for deviates where the program does not decide, or not so.
    #[error(
        "there is no run {run}: the program does not come to all of these decisions, so it is another one, or has changed"
    )]
    NoSuchRun {
        /// The run.
        run: Recipe,
    },
}

/// A test was to show that each `sometimes!` holds in some run, and one did not: see [`Sweep::require_sometimes`](crate::Sweep).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverHit {
    /// The test's name.
    pub name: String,
    /// All that the runs have passed.
    pub properties: PropertyTally,
}

impl std::error::Error for NeverHit {}

impl fmt::Display for NeverHit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.properties.never_hit().map(|name| format!("{name:?}")).collect();
        let what = names.join(", ");
        writeln!(
            out,
            "{} holds in all runs, but none of them has met {what}; let it run under more seeds",
            self.name
        )?;
        write!(out, "{}", self.properties)
    }
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
