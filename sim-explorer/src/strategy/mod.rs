//! How the runs of a search are chosen: one name for each kind of source.

use std::fmt;
use std::str::FromStr;

use sim_executor::{KeyedRandom, ProductionOrder, Source};

mod bytes;

pub use bytes::Bytes;

/// A way to make a source from a seed.
///
/// ```
/// use sim_explorer::Strategy;
///
/// let strategy: Strategy = "random".parse().unwrap();
/// assert_eq!(strategy.source(7).describe(), "random seed=7");
/// assert!("rndom".parse::<Strategy>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Strategy {
    /// What an undisturbed machine would most likely do; the seed means nothing to it.
    Production,
    /// Every ready task gets a fresh keyed priority, and the highest runs; every value is drawn.
    Random,
}

/// No strategy has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no strategy {name}; there are {}", known())]
pub struct UnknownStrategy {
    /// What was asked for.
    pub name: String,
}

fn known() -> String {
    Strategy::ALL.map(Strategy::name).join(", ")
}

impl Strategy {
    /// All there are.
    pub const ALL: [Strategy; 2] = [Strategy::Production, Strategy::Random];

    /// Its name, as [`FromStr`] takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::Production => "production",
            Strategy::Random => "random",
        }
    }

    /// The source of this seed.
    #[must_use]
    pub fn source(self, seed: u64) -> Box<dyn Source> {
        match self {
            Strategy::Production => Box::new(ProductionOrder),
            Strategy::Random => Box::new(KeyedRandom::new(seed)),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, UnknownStrategy> {
        let found = Strategy::ALL.into_iter().find(|strategy| strategy.name() == name);
        found.ok_or_else(|| UnknownStrategy { name: name.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_there_are() {
        let error = "fifo".parse::<Strategy>().unwrap_err();
        assert_eq!(error.to_string(), "there is no strategy fifo; there are production, random");
    }
}
