//! Which run of a sweep.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sim_executor::{KeyedRandom, ProductionOrder, Source};

use crate::strategy::{Strategy, Survey};

/// Which run of a sweep: the first, in production order, or that of a seed.
///
/// ```
/// use sim_explorer::RunSeed;
///
/// assert_eq!("17".parse(), Ok(RunSeed::Seed(17)));
/// assert_eq!("production".parse(), Ok(RunSeed::Production));
/// assert_eq!(RunSeed::Seed(17).to_string(), "17");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunSeed {
    /// What an undisturbed machine would most likely do.
    Production,
    /// What a strategy makes of this seed; without one it is keyed random order.
    Seed(u64),
}

/// This names no run of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no seed: it must be a whole number from 0 to {}, or the word production", u64::MAX)]
pub struct ParseRunSeedError {
    /// What was given.
    pub text: String,
}

impl RunSeed {
    /// The source of this run, with the strategy `random`.
    #[must_use]
    pub fn source(self) -> Box<dyn Source> {
        match self {
            RunSeed::Production => Box::new(ProductionOrder),
            RunSeed::Seed(seed) => Box::new(KeyedRandom::new(seed)),
        }
    }

    /// The source of this run with that strategy, which production order is without, for a program of which this is known.
    #[must_use]
    pub fn source_by(self, strategy: Strategy, survey: &Arc<Survey>) -> Box<dyn Source> {
        match self {
            RunSeed::Production => Box::new(ProductionOrder),
            RunSeed::Seed(seed) => strategy.source(seed, survey),
        }
    }
}

impl fmt::Display for RunSeed {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunSeed::Production => out.pad("production"),
            RunSeed::Seed(seed) => seed.fmt(out),
        }
    }
}

impl FromStr for RunSeed {
    type Err = ParseRunSeedError;

    fn from_str(text: &str) -> Result<Self, ParseRunSeedError> {
        if text == "production" {
            return Ok(RunSeed::Production);
        }
        text.parse().map(RunSeed::Seed).map_err(|_| ParseRunSeedError { text: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_run_is_refused() {
        for text in ["", "-1", "1.5", "0x11", "Production", "18446744073709551616"] {
            assert!(text.parse::<RunSeed>().is_err(), "{text}");
        }
    }

    #[test]
    fn production_order_comes_before_all_seeds() {
        assert!(RunSeed::Production < RunSeed::Seed(0));
    }
}
