//! A named program with what it promises.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::pattern::Pattern;
use sim_executor::{Config, Executor, Outcome, Report, RunError, Source, World};

/// A program that shows something, with one or more variants: as it should be, and with a mistake.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name: lower case, with underscores.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// What must hold at the end of every run.
    pub invariant: &'static str,
    /// The rows of a catalogue of patterns that it shows, if there is such a catalogue.
    pub patterns: &'static [&'static Pattern],
    /// The numbers that a user may set.
    pub parameters: &'static [Parameter],
    /// At least one. The first is the one that is meant when none is named.
    pub variants: &'static [Variant],
}

/// One form of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name: `fixed`, `broken_blocking`.
    pub name: &'static str,
    /// What is right or wrong with it, in a sentence.
    pub about: &'static str,
    /// Whether its promise is kept.
    pub expect: Expect,
    /// The program.
    pub body: Body,
}

/// A scenario's program: drives the executor, checks what must hold, and says what did not.
pub type Body = fn(&mut Executor, &Settings) -> Result<(), Violation>;

/// What a sweep over a variant must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The invariant holds in every run.
    Holds,
    /// Some run of the sweep breaks the invariant, deadlocks, or reaches a limit.
    Breaks,
}

/// A number that a user may set.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// Its value unless it is set.
    pub default: u64,
    /// Its least value.
    pub min: u64,
    /// Its greatest value.
    pub max: u64,
}

/// The parameters of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<&'static str, u64>,
}

/// A parameter cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The scenario has no such parameter.
    #[error("{scenario} has no parameter {name}; {}", known(names))]
    Unknown {
        /// The scenario.
        scenario: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        names: Vec<&'static str>,
    },
    /// The value is out of its range.
    #[error("{name} must be from {min} to {max}, not {value}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// Its least value.
        min: u64,
        /// Its greatest value.
        max: u64,
        /// What was asked for.
        value: u64,
    },
}

fn known(names: &[&'static str]) -> String {
    if names.is_empty() { "it has none".to_string() } else { format!("it has {}", names.join(", ")) }
}

impl Settings {
    /// The value of a parameter.
    ///
    /// # Panics
    /// If the scenario declares no such parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        *self.values.get(name).unwrap_or_else(|| panic!("the scenario declares no parameter {name}"))
    }
}

/// What a program promises did not hold, or it could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The invariant did not hold.
    #[error("{0}")]
    Invariant(String),
    /// The run could not go on.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Violation {
    /// The invariant did not hold, in these words.
    pub fn new(what: impl fmt::Display) -> Self {
        Violation::Invariant(what.to_string())
    }
}

impl From<Violation> for Outcome {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::Invariant(message) => Outcome::Failed { message },
            Violation::Run(error) => Outcome::Error(error),
        }
    }
}

/// Returns from a scenario's body with a [`Violation`] unless a condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return ::core::result::Result::Err($crate::Violation::new(::core::format_args!($($message)+)));
        }
    };
}

impl Scenario {
    /// The variant of that name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// The parameters, with these values in place of the defaults.
    ///
    /// # Errors
    /// When a name is unknown or a value out of its range.
    pub fn settings<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Result<Settings, SettingError> {
        let mut settings: BTreeMap<&'static str, u64> =
            self.parameters.iter().map(|parameter| (parameter.name, parameter.default)).collect();
        for (name, value) in values {
            let parameter =
                self.parameters.iter().find(|parameter| parameter.name == name).ok_or_else(|| {
                    SettingError::Unknown {
                        scenario: self.name,
                        name: name.to_string(),
                        names: self.parameters.iter().map(|parameter| parameter.name).collect(),
                    }
                })?;
            let (min, max) = (parameter.min, parameter.max);
            if value < min || value > max {
                return Err(SettingError::OutOfRange { name: parameter.name, min, max, value });
            }
            settings.insert(parameter.name, value);
        }
        Ok(Settings { values: settings })
    }
}

impl Variant {
    /// Makes one run. A panic of the body outside of its tasks is a failed invariant.
    #[must_use]
    pub fn run(&self, settings: &Settings, config: Config, source: Box<dyn Source>) -> Report {
        self.run_prepared(settings, config, source, |_| {})
    }

    /// Makes one run after something was done to its executor, such as to begin a capture.
    #[must_use]
    pub fn run_prepared(
        &self,
        settings: &Settings,
        config: Config,
        source: Box<dyn Source>,
        prepare: impl FnOnce(&mut Executor),
    ) -> Report {
        self.run_in(&mut World::default(), settings, config, source, prepare)
    }

    /// [`Variant::run_prepared`] with the memory of a world.
    #[must_use]
    pub fn run_in(
        &self,
        world: &mut World,
        settings: &Settings,
        config: Config,
        source: Box<dyn Source>,
        prepare: impl FnOnce(&mut Executor),
    ) -> Report {
        let mut executor = Executor::in_world(config, source, world);
        prepare(&mut executor);
        let result = catch_unwind(AssertUnwindSafe(|| (self.body)(&mut executor, settings)));
        let outcome = match result {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(violation)) => violation.into(),
            Err(payload) => {
                Outcome::Failed { message: format!("the scenario panicked: {}", message_of(&*payload)) }
            }
        };
        executor.finish_into(outcome, world)
    }
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("its payload is no text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::ProductionOrder;

    #[test]
    fn a_body_that_panics_between_its_calls_has_failed() {
        let body: Body = |_, _| panic!("three is not four");
        let variant = Variant { name: "broken", about: "Panics.", expect: Expect::Breaks, body };
        let report = variant.run(&Settings::default(), Config::default(), Box::new(ProductionOrder));
        assert_eq!(report.outcome.to_string(), "the scenario panicked: three is not four");
    }
}
