//! What the environment asks of a test.

use std::env::VarError;
use std::time::Duration;

use sim_executor::TraceLevel;
use sim_explorer::{ParseRecipeError, ParseSweepByError, Recipe};

/// The variable that names the only run to make.
pub(crate) const SEED: &str = "SEEDBED_SEED";
/// The variable that names the strategy, or a run of `each`.
pub(crate) const STRATEGY: &str = "SEEDBED_STRATEGY";
/// The variable that says how much of a run is shown.
pub(crate) const TRACE: &str = "SEEDBED_TRACE";

/// The variable that says how many runs are made.
pub(crate) const SEEDS: &str = "SEEDBED_SEEDS";
/// The variable that says for how many seconds of wall time a run may stand still.
pub(crate) const WATCHDOG: &str = "SEEDBED_WATCHDOG";

/// The variable that names the failure file whose run is the only one to make.
pub(crate) const REPLAY: &str = "SEEDBED_REPLAY";
/// The variable that says what is done about failure files.
pub(crate) const SIMFAIL: &str = "SEEDBED_SIMFAIL";
/// The variable that makes a failure file an error which says nothing any more.
pub(crate) const DENY_STALE: &str = "SEEDBED_DENY_STALE";

/// The variable that has each run made in a process of its own.
pub(crate) const ISOLATED: &str = "SEEDBED_ISOLATED";
/// Set in a process that was started for an isolated test: the file in which it says how that has failed.
pub(crate) const PREPARED: &str = "SEEDBED_PREPARED";

/// Set in a process that was started to make a run alone, so that it starts no other.
pub(crate) const ALONE: &str = "SEEDBED_ALONE";

/// What the environment asks of a test cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// `SEEDBED_SEED` names no run.
    #[error("SEEDBED_SEED={0}")]
    Seed(sim_explorer::ParseRunSeedError),
    /// `SEEDBED_STRATEGY` names no strategy.
    #[error("SEEDBED_STRATEGY: {0}")]
    Strategy(#[from] ParseSweepByError),
    /// `SEEDBED_STRATEGY` names no run, or none that fits `SEEDBED_SEED`.
    #[error("SEEDBED_STRATEGY: {0}")]
    Recipe(ParseRecipeError),
    /// `SEEDBED_SEEDS` is no number of seeds.
    #[error("SEEDBED_SEEDS={text:?} is no number of seeds: it must be a whole number, such as 5000")]
    Seeds {
        /// What was given.
        text: String,
    },
    /// `SEEDBED_WATCHDOG` is no time.
    #[error(
        "SEEDBED_WATCHDOG={text:?} is no time: it must be a whole number of seconds above 0, or the word off"
    )]
    Watchdog {
        /// What was given.
        text: String,
    },
    /// `SEEDBED_SIMFAIL` says nothing that can be done.
    #[error("SEEDBED_SIMFAIL={text:?} is none of on, off and upgrade")]
    Simfail {
        /// What was given.
        text: String,
    },
    /// A variable that is a switch is neither on nor off.
    #[error("{variable}={text:?} is neither 1 nor 0")]
    Switch {
        /// The variable.
        variable: &'static str,
        /// What was given.
        text: String,
    },
    /// `SEEDBED_TRACE` names no level.
    #[error("SEEDBED_TRACE={text:?} is no level: it must be events, all or wakes")]
    Trace {
        /// What was given.
        text: String,
    },
}

/// What the environment asks of a test: the values of its variables, where they are set.
///
/// ```
/// use seedbed::{Environment, Recipe, Sweep};
///
/// let asked = Environment { seed: Some("17".to_string()), ..Environment::default() };
/// assert_eq!(Sweep::default().with_environment(&asked).unwrap().only, Some(Recipe::of_seed(17)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `SEEDBED_SEED`: the only run to make.
    pub seed: Option<String>,
    /// `SEEDBED_STRATEGY`: how runs are chosen; with a seed, or as a run of `each`, the only run to make.
    pub strategy: Option<String>,
    /// `SEEDBED_SEEDS`: how many runs are made.
    pub seeds: Option<String>,
    /// `SEEDBED_TRACE`: how much of a run is shown.
    pub trace: Option<String>,
    /// `SEEDBED_ISOLATED`: whether each run is made in a process of the machine of its own.
    pub isolated: Option<String>,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        let [seed, strategy, seeds, trace, isolated] = [SEED, STRATEGY, SEEDS, TRACE, ISOLATED].map(read);
        Environment { seed, strategy, seeds, trace, isolated }
    }
}

/// The value of a variable; `None` if it is unset or empty.
#[expect(clippy::disallowed_methods, reason = "the test harness stands outside of runs")]
pub(crate) fn read(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(value) => Some(value).filter(|value| !value.is_empty()),
        Err(VarError::NotPresent) => None,
        // Refused where it is understood, as any other text that is no value.
        Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

/// The only run that these values name, if they do.
pub(crate) fn parse_recipe(
    seed: Option<&str>,
    strategy: Option<&str>,
) -> Result<Option<Recipe>, EnvironmentError> {
    Recipe::named(seed, strategy).map_err(|error| match error {
        ParseRecipeError::Seed(error) => EnvironmentError::Seed(error),
        error => EnvironmentError::Recipe(error),
    })
}

pub(crate) fn parse_seeds(text: &str) -> Result<u64, EnvironmentError> {
    // As in Rust, where a long number is easier to read so.
    text.replace('_', "").parse().map_err(|_| EnvironmentError::Seeds { text: text.to_string() })
}

/// How long a run may stand still; `None` for any time.
pub(crate) fn parse_watchdog(text: &str) -> Result<Option<Duration>, EnvironmentError> {
    match (text, text.parse::<u32>()) {
        ("off", _) => Ok(None),
        (_, Ok(seconds)) if seconds > 0 => Ok(Some(Duration::from_secs(seconds.into()))),
        _ => Err(EnvironmentError::Watchdog { text: text.to_string() }),
    }
}

/// What is done about failure files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SimfailMode {
    /// They are replayed first, and written when a run fails.
    #[default]
    On,
    /// Nothing.
    Off,
    /// As on; and a file whose failure is there in another run is written anew.
    Upgrade,
}

pub(crate) fn parse_simfail(text: &str) -> Result<SimfailMode, EnvironmentError> {
    match text {
        "on" => Ok(SimfailMode::On),
        "off" => Ok(SimfailMode::Off),
        "upgrade" => Ok(SimfailMode::Upgrade),
        _ => Err(EnvironmentError::Simfail { text: text.to_string() }),
    }
}

pub(crate) fn parse_switch(variable: &'static str, text: &str) -> Result<bool, EnvironmentError> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(EnvironmentError::Switch { variable, text: text.to_string() }),
    }
}

pub(crate) fn parse_trace(text: &str) -> Result<TraceLevel, EnvironmentError> {
    match text {
        "events" => Ok(TraceLevel::Events),
        "all" => Ok(TraceLevel::All),
        "wakes" => Ok(TraceLevel::Wakes),
        _ => Err(EnvironmentError::Trace { text: text.to_string() }),
    }
}
