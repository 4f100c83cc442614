//! How one run is made, as a value with a text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sim_executor::{ProductionOrder, Source};

use crate::each::{Deviant, DeviantRun, Deviated, ParseDeviantRunError};
use crate::exceptions::{Follow, FollowRun, ParseFollowRunError};
use crate::run_seed::{ParseRunSeedError, RunSeed};
use crate::strategy::{ParseStrategyError, Strategy, Survey};

/// How one run of a program is made: in production order, from a seed by a strategy, or with deviations from the default order.
///
/// Its text is one line. It can also be given as two, a seed and a strategy, as by options or environment variables.
///
/// ```
/// use sim_explorer::{Recipe, Strategy};
///
/// let recipe = Recipe::Seed { seed: 17, strategy: Strategy::Pct { changes: 3 } };
/// assert_eq!(recipe.to_string(), "pct:changes=3 seed=17");
/// assert_eq!("pct:changes=3 seed=17".parse(), Ok(recipe.clone()));
/// assert_eq!(Recipe::named(Some("17"), Some("pct:changes=3")), Ok(Some(recipe)));
/// assert_eq!(Recipe::named(Some("17"), None), Ok(Some(Recipe::of_seed(17))));
/// // A strategy alone is none for one run.
/// assert_eq!(Recipe::named(None, Some("pct")), Ok(None));
/// assert_eq!(Recipe::named(None, Some("each:run=12.1")).unwrap().unwrap().to_string(), "each:run=12.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipe {
    /// What an undisturbed machine would most likely do.
    Production,
    /// What a strategy makes of a seed.
    Seed {
        /// The seed.
        seed: u64,
        /// The strategy.
        strategy: Strategy,
    },
    /// The default order, but for a few decisions.
    Deviant(DeviantRun),
    /// The order in which a task goes on for as long as it can, but for these exceptions.
    Follow(FollowRun),
}

/// This names no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseRecipeError {
    /// The seed is none.
    #[error(transparent)]
    Seed(#[from] ParseRunSeedError),
    /// The strategy is none.
    #[error(transparent)]
    Strategy(#[from] ParseStrategyError),
    /// The deviations are none.
    #[error(transparent)]
    Deviant(#[from] ParseDeviantRunError),
    /// The exceptions are none.
    #[error(transparent)]
    Follow(#[from] ParseFollowRunError),
    /// Deviations do not come from a seed.
    #[error("{strategy} uses no seed, and seed {seed} is given; leave one of them away")]
    SeedOfEach {
        /// The seed.
        seed: String,
        /// What needs none.
        strategy: String,
    },
    /// A strategy alone makes many runs.
    #[error(
        "{text:?} names no run: write production, random seed=17, pct:changes=3 seed=17, each:run=12.1+40.0, or follow:… as a search told it"
    )]
    Form {
        /// What was given.
        text: String,
    },
}

impl Recipe {
    /// The run of this seed by the strategy `random`.
    #[must_use]
    pub const fn of_seed(seed: u64) -> Self {
        Recipe::Seed { seed, strategy: Strategy::Random }
    }

    /// What such a run of a sweep by this strategy is made by: of a portfolio it is the member whose turn it is.
    #[must_use]
    pub const fn of(run: RunSeed, strategy: Strategy) -> Self {
        match run {
            RunSeed::Production => Recipe::Production,
            RunSeed::Seed(seed) => Recipe::Seed { seed, strategy: strategy.of_seed(seed) },
        }
    }

    /// The run that these two texts name. `None` if they name none: there is neither, or only a strategy that is not for one run. A seed
    /// alone is one of the strategy `random`.
    ///
    /// # Errors
    /// When a text has no meaning, or the two do not fit each other.
    pub fn named(seed: Option<&str>, strategy: Option<&str>) -> Result<Option<Self>, ParseRecipeError> {
        let run = seed.map(str::parse).transpose()?;
        match (run, seed, strategy) {
            (Some(RunSeed::Production), ..) => Ok(Some(Recipe::Production)),
            (Some(_), Some(seed), Some(each)) if is_each(each) || FollowRun::is_meant_by(each) => {
                Err(ParseRecipeError::SeedOfEach { seed: seed.to_string(), strategy: each.to_string() })
            }
            (Some(run), _, Some(strategy)) => Ok(Some(Recipe::of(run, strategy.parse()?))),
            (Some(run), _, None) => Ok(Some(Recipe::of(run, Strategy::Random))),
            (None, _, Some(run)) if DeviantRun::is_meant_by(run) => Ok(Some(Recipe::Deviant(run.parse()?))),
            (None, _, Some(run)) if FollowRun::is_meant_by(run) => Ok(Some(Recipe::Follow(run.parse()?))),
            (None, ..) => Ok(None),
        }
    }

    /// Its seed and its strategy, as [`Recipe::named`] takes them. The strategy `random` is not said, since it is meant.
    #[must_use]
    pub fn names(&self) -> (Option<String>, Option<String>) {
        match self {
            Recipe::Production => (Some(RunSeed::Production.to_string()), None),
            Recipe::Seed { seed, strategy } => {
                let strategy = (*strategy != Strategy::Random).then(|| strategy.to_string());
                (Some(seed.to_string()), strategy)
            }
            Recipe::Deviant(run) => (None, Some(run.to_string())),
            Recipe::Follow(run) => (None, Some(run.to_string())),
        }
    }

    /// Whether its source uses what a [`Survey`] shows. If not, any will do.
    #[must_use]
    pub const fn needs_survey(&self) -> bool {
        match self {
            Recipe::Seed { strategy, .. } => strategy.needs_survey(),
            Recipe::Production | Recipe::Deviant(_) | Recipe::Follow(_) => false,
        }
    }

    /// The source of the run, for a program of which this is known.
    #[must_use]
    pub fn source(&self, survey: &Arc<Survey>) -> Box<dyn Source> {
        self.source_and_deviated(survey).0
    }

    /// The source, and of a run that deviates how far it has come.
    #[must_use]
    pub fn source_and_deviated(&self, survey: &Arc<Survey>) -> (Box<dyn Source>, Option<Deviated>) {
        match self {
            Recipe::Production => (Box::new(ProductionOrder), None),
            Recipe::Seed { seed, strategy } => (strategy.source(*seed, survey), None),
            Recipe::Deviant(run) => {
                let source = Deviant::new(run.clone());
                let deviated = source.deviated();
                (Box::new(source), Some(deviated))
            }
            Recipe::Follow(run) => (Box::new(Follow::new(&run.exceptions()).0), None),
        }
    }
}

/// Whether a strategy's text is of the search `each`, or of one of its runs.
pub(crate) fn is_each(text: &str) -> bool {
    text.split(':').next() == Some("each")
}

impl From<RunSeed> for Recipe {
    /// By the strategy `random`.
    fn from(run: RunSeed) -> Self {
        Recipe::of(run, Strategy::Random)
    }
}

impl fmt::Display for Recipe {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipe::Production => out.write_str("production"),
            Recipe::Seed { seed, strategy } => write!(out, "{strategy} seed={seed}"),
            Recipe::Deviant(run) => run.fmt(out),
            Recipe::Follow(run) => run.fmt(out),
        }
    }
}

impl FromStr for Recipe {
    type Err = ParseRecipeError;

    fn from_str(text: &str) -> Result<Self, ParseRecipeError> {
        let (strategy, seed) = match text.split_once(" seed=") {
            Some((strategy, seed)) => (Some(strategy), Some(seed)),
            None if text == "production" => (None, Some(text)),
            None => (Some(text), None),
        };
        Recipe::named(seed, strategy)?.ok_or_else(|| ParseRecipeError::Form { text: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::DeviantStep;
    use proptest::prelude::{Just, Strategy as _, any, prop_assert_eq, prop_oneof, proptest};
    use proptest::{collection, sample};

    fn recipes() -> impl proptest::strategy::Strategy<Value = Recipe> {
        let members: Vec<Strategy> =
            Strategy::ALL.into_iter().filter(|&strategy| strategy != Strategy::Portfolio).collect();
        let steps = collection::btree_map(any::<u64>(), any::<u32>(), 0..4);
        prop_oneof![
            Just(Recipe::Production),
            (any::<u64>(), sample::select(members))
                .prop_map(|(seed, strategy)| Recipe::Seed { seed, strategy }),
            steps.prop_map(|steps| {
                let steps = steps.into_iter().map(|(at, nth)| DeviantStep { at, nth }).collect();
                Recipe::Deviant(DeviantRun { steps, ..DeviantRun::default() })
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_recipe_comes_back_equal_from_its_text_and_from_its_two_names(recipe in recipes()) {
            prop_assert_eq!(recipe.to_string().parse(), Ok(recipe.clone()));
            let (seed, strategy) = recipe.names();
            prop_assert_eq!(Recipe::named(seed.as_deref(), strategy.as_deref()), Ok(Some(recipe)));
        }
    }

    #[test]
    fn a_run_by_its_exceptions_is_named_and_has_no_seed() {
        let recipe = Recipe::named(None, Some("follow:2c.1=7")).unwrap().unwrap();
        assert!(matches!(recipe, Recipe::Follow(_)), "{recipe}");
        assert_eq!(recipe.to_string().parse(), Ok(recipe.clone()));
        assert_eq!(recipe.names(), (None, Some("follow:2c.1=7".to_string())));
        assert!(Recipe::named(Some("1"), Some("follow:2c.1=7")).is_err());
    }

    #[test]
    fn a_seed_of_a_portfolio_is_one_of_its_member() {
        let recipe = Recipe::named(Some("1"), Some("portfolio")).unwrap().unwrap();
        assert_eq!(recipe, Recipe::Seed { seed: 1, strategy: Strategy::Walk });
    }

    #[test]
    fn what_names_no_run_is_refused_with_what_to_write() {
        let refusal = |seed, strategy| Recipe::named(seed, strategy).unwrap_err().to_string();
        assert!(refusal(Some("x"), None).starts_with("\"x\" is no seed"));
        assert!(refusal(Some("1"), Some("fifo")).starts_with("there is no strategy fifo"));
        assert_eq!(
            refusal(Some("1"), Some("each:2")),
            "each:2 uses no seed, and seed 1 is given; leave one of them away"
        );
        assert!(refusal(None, Some("each:run=x")).contains("write each:run=12.1+40.0"));
        assert!("pct".parse::<Recipe>().unwrap_err().to_string().starts_with("\"pct\" names no run: write "));
    }
}
