//! How a sweep looks for failures: by seeds, or by a search that chooses its runs itself.

use std::fmt;
use std::str::FromStr;

use sim_explorer::{Each, Exhaustive, ParseEachError, ParseExhaustiveError, ParseStrategyError, Strategy};

/// How a sweep chooses its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Seeds, by this strategy.
    Seeds(Strategy),
    /// Without seeds.
    Seedless(Seedless),
}

/// A search that chooses its runs itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seedless {
    /// Every run with few deviations from the default order.
    Each(Each),
    /// Every schedule with few preemptions.
    Exhaustive(Exhaustive),
}

/// This names no search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseSearchError {
    #[error("{0}, each, exhaustive")]
    Name(ParseStrategyError),
    #[error(transparent)]
    Setting(ParseStrategyError),
    #[error(transparent)]
    Each(#[from] ParseEachError),
    #[error(transparent)]
    Exhaustive(#[from] ParseExhaustiveError),
}

impl FromStr for Search {
    type Err = ParseSearchError;

    fn from_str(text: &str) -> Result<Self, ParseSearchError> {
        match text.split(':').next() {
            Some("each") => Ok(Search::Seedless(Seedless::Each(text.parse()?))),
            Some("exhaustive") => Ok(Search::Seedless(Seedless::Exhaustive(text.parse()?))),
            _ => text.parse().map(Search::Seeds).map_err(|error| match error {
                ParseStrategyError::Unknown { .. } => ParseSearchError::Name(error),
                error => ParseSearchError::Setting(error),
            }),
        }
    }
}

impl Seedless {
    /// Its name, without its settings.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Seedless::Each(_) => "each",
            Seedless::Exhaustive(_) => "exhaustive",
        }
    }
}

impl fmt::Display for Seedless {
    /// Its name, without its settings.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_a_strategy_or_chooses_its_runs_itself() {
        assert_eq!("pct".parse(), Ok(Search::Seeds(Strategy::PCT)));
        let each = Each { depth_max: 2, ..Each::default() };
        assert_eq!("each:2".parse(), Ok(Search::Seedless(Seedless::Each(each))));
        let exhaustive = Exhaustive { preemptions_max: 1, ..Exhaustive::default() };
        assert_eq!("exhaustive:1".parse(), Ok(Search::Seedless(Seedless::Exhaustive(exhaustive))));
        let refusal = |text: &str| text.parse::<Search>().unwrap_err().to_string();
        assert!(refusal("eachh").ends_with("delay, portfolio, each, exhaustive"), "{}", refusal("eachh"));
        assert!(refusal("pct:x=1").ends_with("it has changes=NUMBER"), "{}", refusal("pct:x=1"));
        assert!(
            refusal("exhaustive:x=1").starts_with("write it as exhaustive"),
            "{}",
            refusal("exhaustive:x=1")
        );
    }
}
