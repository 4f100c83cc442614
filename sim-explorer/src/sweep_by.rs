//! How a sweep chooses its runs: by seeds, or every run with few deviations.

use std::fmt;
use std::str::FromStr;

use crate::each::Each;
use crate::recipe::is_each;
use crate::search_text::ParseSearchError;
use crate::strategy::{ParseStrategyError, Strategy};

/// How a sweep chooses its runs.
///
/// ```
/// use sim_explorer::{Each, Strategy, SweepBy};
///
/// assert_eq!("walk".parse(), Ok(SweepBy::Strategy(Strategy::Walk)));
/// assert_eq!("each:2".parse(), Ok(SweepBy::Each(Each { depth_max: 2, ..Each::default() })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepBy {
    /// Seeds, by this strategy.
    Strategy(Strategy),
    /// Every run with few deviations from the default order.
    Each(Each),
}

/// This names no way to choose runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSweepByError {
    /// There is none of that name.
    #[error("{0}, each")]
    Name(ParseStrategyError),
    /// It has no such setting.
    #[error(transparent)]
    Setting(ParseStrategyError),
    /// The search is none.
    #[error(transparent)]
    Each(#[from] ParseSearchError),
}

impl fmt::Display for SweepBy {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SweepBy::Strategy(strategy) => strategy.fmt(out),
            SweepBy::Each(each) => each.fmt(out),
        }
    }
}

impl FromStr for SweepBy {
    type Err = ParseSweepByError;

    fn from_str(text: &str) -> Result<Self, ParseSweepByError> {
        if is_each(text) {
            return Ok(SweepBy::Each(text.parse()?));
        }
        text.parse().map(SweepBy::Strategy).map_err(|error| match error {
            ParseStrategyError::Unknown { .. } => ParseSweepByError::Name(error),
            error => ParseSweepByError::Setting(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_by_a_strategy_or_each() {
        for by in [SweepBy::Strategy(Strategy::PCT), SweepBy::Each(Each::default())] {
            assert_eq!(by.to_string().parse(), Ok(by));
        }
        let refusal = |text: &str| text.parse::<SweepBy>().unwrap_err().to_string();
        assert!(refusal("eachh").ends_with(", portfolio, each"), "{}", refusal("eachh"));
        assert!(refusal("pct:x=1").ends_with("it has changes=NUMBER"), "{}", refusal("pct:x=1"));
    }
}
