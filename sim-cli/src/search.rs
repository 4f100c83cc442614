//! How a sweep looks for failures: by seeds, or by a search that chooses its runs itself.

use std::path::PathBuf;
use std::str::FromStr;

use sim_explorer::{Each, Exhaustive, Guided, ParseSearchError, ParseStrategyError, Strategy};

/// How a sweep chooses its runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Seeds, by this strategy.
    Seeds(Strategy),
    /// Without seeds.
    Seedless(Seedless),
}

/// A search that chooses its runs itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seedless {
    /// Every run with few deviations from the default order.
    Each(Each),
    /// Every schedule with few preemptions.
    Exhaustive(Exhaustive),
    /// Runs made from those that have reached something new, which are kept in this folder, if one is named.
    Guided(Guided, Option<PathBuf>),
}

/// This names no search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SearchError {
    #[error("{0}, each, exhaustive, guided")]
    Name(ParseStrategyError),
    #[error(transparent)]
    Setting(ParseStrategyError),
    #[error(transparent)]
    Seedless(#[from] ParseSearchError),
    #[error("{0}; corpus=FOLDER keeps the runs that it goes on from")]
    Guided(ParseSearchError),
}

impl FromStr for Search {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        match text.split(':').next() {
            Some("each") => Ok(Search::Seedless(Seedless::Each(text.parse()?))),
            Some("exhaustive") => Ok(Search::Seedless(Seedless::Exhaustive(text.parse()?))),
            Some("guided") => Ok(Search::Seedless(guided(text).map_err(SearchError::Guided)?)),
            _ => text.parse().map(Search::Seeds).map_err(|error| match error {
                ParseStrategyError::Unknown { .. } => SearchError::Name(error),
                error => SearchError::Setting(error),
            }),
        }
    }
}

/// `guided:corpus=FOLDER,runs=10000`, in which the name of a folder has no comma.
fn guided(text: &str) -> Result<Seedless, ParseSearchError> {
    let settings = text.strip_prefix("guided:").unwrap_or_default();
    let (folders, others): (Vec<&str>, Vec<&str>) =
        settings.split(',').filter(|setting| !setting.is_empty()).partition(|it| it.starts_with("corpus="));
    let folder = folders.last().and_then(|setting| setting.strip_prefix("corpus=")).map(PathBuf::from);
    let rest = if folders.is_empty() {
        text.to_string()
    } else if others.is_empty() {
        "guided".to_string()
    } else {
        format!("guided:{}", others.join(","))
    };
    Ok(Seedless::Guided(rest.parse()?, folder))
}

impl Seedless {
    /// Its name, without its settings.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Seedless::Each(_) => "each",
            Seedless::Exhaustive(_) => "exhaustive",
            Seedless::Guided(..) => "guided",
        }
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
        let guided = |text: &str| match text.parse() {
            Ok(Search::Seedless(Seedless::Guided(guided, folder))) => (guided.runs_max, folder),
            other => panic!("{other:?}"),
        };
        assert_eq!(guided("guided"), (Guided::default().runs_max, None));
        assert_eq!(guided("guided:corpus=kept"), (Guided::default().runs_max, Some("kept".into())));
        assert_eq!(guided("guided:runs=7,corpus=a/b,seed=1"), (7, Some("a/b".into())));
        let refusal = |text: &str| text.parse::<Search>().unwrap_err().to_string();
        assert!(
            refusal("eachh").ends_with("delay, restless, portfolio, each, exhaustive, guided"),
            "{}",
            refusal("eachh")
        );
        assert!(refusal("pct:x=1").ends_with("it has changes=NUMBER"), "{}", refusal("pct:x=1"));
        assert!(
            refusal("exhaustive:x=1").starts_with("write it as exhaustive"),
            "{}",
            refusal("exhaustive:x=1")
        );
    }
}
