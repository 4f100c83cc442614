//! How a sweep looks for failures: by seeds, or by every run with few deviations.

use std::str::FromStr;

use sim_explorer::{Each, ParseEachError, ParseStrategyError, Strategy};

/// How a sweep chooses its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Seeds, by this strategy.
    Seeds(Strategy),
    /// Every run with few deviations from the default order.
    Each(Each),
}

/// This names no search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseSearchError {
    #[error("{0}, each")]
    Name(ParseStrategyError),
    #[error(transparent)]
    Setting(ParseStrategyError),
    #[error(transparent)]
    Each(#[from] ParseEachError),
}

impl FromStr for Search {
    type Err = ParseSearchError;

    fn from_str(text: &str) -> Result<Self, ParseSearchError> {
        if text.split(':').next() == Some("each") {
            return Ok(Search::Each(text.parse()?));
        }
        text.parse().map(Search::Seeds).map_err(|error| match error {
            ParseStrategyError::Unknown { .. } => ParseSearchError::Name(error),
            error => ParseSearchError::Setting(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_a_strategy_or_each() {
        assert_eq!("pct".parse(), Ok(Search::Seeds(Strategy::PCT)));
        assert_eq!("each:2".parse(), Ok(Search::Each(Each { depth_max: 2, ..Each::default() })));
        let refusal = |text: &str| text.parse::<Search>().unwrap_err().to_string();
        assert!(refusal("eachh").ends_with("delay, portfolio, each"), "{}", refusal("eachh"));
        assert!(refusal("pct:x=1").ends_with("it has changes=NUMBER"), "{}", refusal("pct:x=1"));
    }
}
