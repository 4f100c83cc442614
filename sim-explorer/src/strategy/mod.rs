//! How the runs of a search are chosen: one name for each kind of source.

use std::sync::Arc;

use sim_executor::{KeyedRandom, ProductionOrder, Source};

mod bytes;
mod delay;
mod draws;
mod foresight;
mod pct;
mod per_task;
mod portfolio;
mod pos;
pub(crate) mod postponed;
mod ranked;
pub(crate) mod ready_tasks;
mod restless;
mod survey;
mod surw;
mod text;
mod urw;
mod walk;
mod weighted;

pub(crate) use draws::{Draws, among};

pub use bytes::Bytes;
pub use delay::Delay;
pub use pct::Pct;
pub use pos::Pos;
pub use restless::Restless;
pub use survey::Survey;
pub use surw::Surw;
pub use text::ParseStrategyError;
pub use urw::Urw;
pub use walk::Walk;

/// A way to make a source from a seed. Its text is its name, with its settings after a colon: `pct:changes=3`.
///
/// Whatever the strategy, a seed draws the same *values* (latencies, losses, what the program chooses); a strategy says in
/// which *order* ready tasks are polled.
///
/// ```
/// use sim_explorer::{Strategy, Survey};
/// use std::sync::Arc;
///
/// let strategy: Strategy = "pct:changes=2".parse().unwrap();
/// assert_eq!(strategy.source(7, &Arc::new(Survey::default())).describe(), "pct:changes=2 seed=7");
/// assert!("pct:chances=2".parse::<Strategy>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Strategy {
    /// What an undisturbed machine would most likely do; the seed means nothing to it.
    Production,
    /// Every ready task gets a fresh keyed priority, and the highest runs: see [`KeyedRandom`].
    Random,
    /// A uniform random walk: see [`Walk`].
    Walk,
    /// A walk in which tasks are also polled that were not woken: see [`Restless`].
    Restless,
    /// A random walk that is uniform over interleavings: see [`Urw`].
    Urw,
    /// A random walk that is uniform over the interleavings of a few polls: see [`Surw`].
    Surw,
    /// Random priorities, drawn again where polls race: see [`Pos`].
    Pos,
    /// Fixed priorities with a few changes: see [`Pct`].
    Pct {
        /// The most changes in a run.
        changes: u32,
    },
    /// The default order, but for a few tasks that are put behind: see [`Delay`].
    Delay {
        /// The most delays in a run.
        delays: u32,
    },
    /// All of the others in turn, by the seed: see [`Strategy::of_seed`].
    Portfolio,
}

impl Strategy {
    /// PCT with at most five changes.
    pub const PCT: Strategy = Strategy::Pct { changes: 5 };
    /// Delay bounding with at most two delays.
    pub const DELAY: Strategy = Strategy::Delay { delays: 2 };
    /// All there are, with the settings that are meant when none are given.
    pub const ALL: [Strategy; 10] = [
        Strategy::Production,
        Strategy::Random,
        Strategy::Walk,
        Strategy::Urw,
        Strategy::Surw,
        Strategy::Pos,
        Strategy::PCT,
        Strategy::DELAY,
        Strategy::Restless,
        Strategy::Portfolio,
    ];

    /// The strategy that makes the run of this seed: the portfolio's member, and for all others themselves.
    #[must_use]
    pub const fn of_seed(self, seed: u64) -> Strategy {
        match self {
            Strategy::Portfolio => portfolio::member(seed),
            other => other,
        }
    }

    /// Whether it uses what a [`Survey`] shows. If not, any will do.
    #[must_use]
    pub const fn needs_survey(self) -> bool {
        match self {
            Strategy::Production | Strategy::Random | Strategy::Walk | Strategy::Restless => false,
            Strategy::Urw
            | Strategy::Surw
            | Strategy::Pos
            | Strategy::Pct { .. }
            | Strategy::Delay { .. }
            | Strategy::Portfolio => true,
        }
    }

    /// The source of this seed, for a program of which this is known.
    #[must_use]
    pub fn source(self, seed: u64, survey: &Arc<Survey>) -> Box<dyn Source> {
        match self {
            Strategy::Production => Box::new(ProductionOrder),
            Strategy::Random => Box::new(KeyedRandom::new(seed)),
            Strategy::Walk => Box::new(Walk::new(seed)),
            Strategy::Restless => Box::new(Restless::new(seed)),
            Strategy::Urw => Box::new(Urw::new(seed, Arc::clone(survey))),
            Strategy::Surw => Box::new(Surw::new(seed, survey)),
            Strategy::Pos => Box::new(Pos::new(seed, Arc::clone(survey))),
            Strategy::Pct { changes } => Box::new(Pct::new(seed, changes, survey)),
            Strategy::Delay { delays } => Box::new(Delay::new(seed, delays, survey)),
            Strategy::Portfolio => self.of_seed(seed).source(seed, survey),
        }
    }
}
