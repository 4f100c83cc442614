//! How one run is made, as options say it.

use std::str::FromStr;

use sim_explorer::{
    DeviantRun, FollowRun, ParseDeviantRunError, ParseFollowRunError, ParseStrategyError, Recipe, RunSeed,
    Strategy,
};

/// What `--strategy` names for one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunBy {
    /// A strategy, for a seed.
    Strategy(Strategy),
    /// A run that needs no seed: one of `each`, or one by its exceptions.
    Seedless(Recipe),
}

/// This names no way to make one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseRunByError {
    #[error("{text} makes many runs; name one, such as each:run=12.1+40.0, as a sweep shows it")]
    Search { text: String },
    #[error(transparent)]
    Deviant(#[from] ParseDeviantRunError),
    #[error(transparent)]
    Follow(#[from] ParseFollowRunError),
    #[error(transparent)]
    Strategy(#[from] ParseStrategyError),
}

/// The two options do not name one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecipeError {
    #[error("--strategy {strategy} needs a seed; add --seed 0, or any other number")]
    NoSeed { strategy: Strategy },
    #[error("--strategy {run} uses no seed; leave --seed away")]
    Useless { run: Recipe },
}

impl FromStr for RunBy {
    type Err = ParseRunByError;

    fn from_str(text: &str) -> Result<Self, ParseRunByError> {
        if DeviantRun::is_meant_by(text) {
            return Ok(RunBy::Seedless(Recipe::Deviant(text.parse()?)));
        }
        if FollowRun::is_meant_by(text) {
            return Ok(RunBy::Seedless(Recipe::Follow(text.parse()?)));
        }
        if text.split(':').next() == Some("each") {
            return Err(ParseRunByError::Search { text: text.to_string() });
        }
        Ok(RunBy::Strategy(text.parse()?))
    }
}

/// The run that is named; `None` if none is.
pub(crate) fn recipe(seed: Option<RunSeed>, by: Option<&RunBy>) -> Result<Option<Recipe>, RecipeError> {
    match (by, seed) {
        (None, None) => Ok(None),
        (None, Some(seed)) => Ok(Some(seed.into())),
        (Some(RunBy::Strategy(Strategy::Production)), None) => Ok(Some(Recipe::Production)),
        (Some(RunBy::Strategy(strategy)), Some(seed)) => Ok(Some(Recipe::of(seed, *strategy))),
        (Some(RunBy::Strategy(strategy)), None) => Err(RecipeError::NoSeed { strategy: *strategy }),
        (Some(RunBy::Seedless(run)), None) => Ok(Some(run.clone())),
        (Some(RunBy::Seedless(run)), Some(_)) => Err(RecipeError::Useless { run: run.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(seed: Option<RunSeed>, by: Option<&str>) -> Result<Option<String>, String> {
        let by = by.map(|by| by.parse::<RunBy>().map_err(|error| error.to_string())).transpose()?;
        let named = recipe(seed, by.as_ref()).map_err(|error| error.to_string())?;
        Ok(named.map(|recipe| recipe.to_string()))
    }

    #[test]
    fn a_seed_and_a_strategy_name_a_run() {
        let text = |text: &str| Ok(Some(text.to_string()));
        assert_eq!(named(Some(RunSeed::Seed(3)), None), text("random seed=3"));
        assert_eq!(named(Some(RunSeed::Seed(3)), Some("walk")), text("walk seed=3"));
        assert_eq!(named(Some(RunSeed::Production), Some("walk")), text("production"));
        assert_eq!(named(None, Some("production")), text("production"));
        assert_eq!(named(None, Some("each:run=1.0")), text("each:run=1.0"));
        assert_eq!(named(None, Some("follow:2c.1=7")), text("follow:2c.1=7"));
        assert_eq!(named(None, None), Ok(None));
    }

    #[test]
    fn what_names_none_is_refused_with_what_to_add() {
        let refused = |seed, by| named(seed, Some(by)).unwrap_err();
        assert!(refused(None, "walk").contains("add --seed 0"));
        assert!(refused(Some(RunSeed::Seed(1)), "each:run=1.0").contains("leave --seed away"));
        assert!(refused(None, "each:2").starts_with("each:2 makes many runs; name one"));
        assert!(refused(None, "each:run=").contains("names no run"));
        assert!(refused(None, "follow:2c").contains("names no run"));
    }
}
