//! A strategy as text: its name, and its settings.

use std::fmt;
use std::str::FromStr;

use super::Strategy;

/// This text names no strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStrategyError {
    /// There is none of that name.
    #[error("there is no strategy {name}; there are {}", known())]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// It has no such setting.
    #[error("{strategy} has no setting {setting:?}; {}", offered(*known))]
    UnknownSetting {
        /// The strategy.
        strategy: &'static str,
        /// What was given.
        setting: String,
        /// The setting that it has.
        known: Option<&'static str>,
    },
    /// A setting's value is out of its range.
    #[error("{setting} must be a whole number from 0 to {SETTING_MAX}, not {value:?}")]
    Value {
        /// The setting.
        setting: &'static str,
        /// What was given.
        value: String,
    },
}

/// The greatest number of changes or delays: a source keeps each of them.
const SETTING_MAX: u32 = 1_000;

fn known() -> String {
    Strategy::ALL.map(Strategy::name).join(", ")
}

fn offered(setting: Option<&str>) -> String {
    setting.map_or_else(|| "it has none".to_string(), |setting| format!("it has {setting}=NUMBER"))
}

impl Strategy {
    /// Its name, without its settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::Production => "production",
            Strategy::Random => "random",
            Strategy::Walk => "walk",
            Strategy::Restless => "restless",
            Strategy::Urw => "urw",
            Strategy::Surw => "surw",
            Strategy::Pos => "pos",
            Strategy::Pct { .. } => "pct",
            Strategy::Delay { .. } => "delay",
            Strategy::Portfolio => "portfolio",
        }
    }

    fn setting(&mut self) -> Option<(&'static str, &mut u32)> {
        match self {
            Strategy::Pct { changes } => Some(("changes", changes)),
            Strategy::Delay { delays } => Some(("delays", delays)),
            _ => None,
        }
    }

    fn set(&mut self, setting: &str) -> Result<(), ParseStrategyError> {
        let strategy = self.name();
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        let known = self.setting();
        let offered = known.as_ref().map(|(name, _)| *name);
        match known {
            Some((known, slot)) if known == name => {
                let refusal = || ParseStrategyError::Value { setting: known, value: value.to_string() };
                *slot = value.parse().ok().filter(|number| *number <= SETTING_MAX).ok_or_else(refusal)?;
                Ok(())
            }
            _ => Err(ParseStrategyError::UnknownSetting {
                strategy,
                setting: name.to_string(),
                known: offered,
            }),
        }
    }
}

impl fmt::Display for Strategy {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut strategy = *self;
        match strategy.setting() {
            Some((setting, value)) => out.pad(&format!("{}:{setting}={value}", self.name())),
            None => out.pad(self.name()),
        }
    }
}

impl FromStr for Strategy {
    type Err = ParseStrategyError;

    /// A name, then perhaps a colon and settings with commas between them.
    fn from_str(text: &str) -> Result<Self, ParseStrategyError> {
        let (name, settings) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let found = Strategy::ALL.into_iter().find(|strategy| strategy.name() == name);
        let mut strategy = found.ok_or_else(|| ParseStrategyError::Unknown { name: name.to_string() })?;
        for setting in settings.into_iter().flat_map(|settings| settings.split(',')) {
            strategy.set(setting)?;
        }
        Ok(strategy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Strategy>().unwrap_err().to_string()
    }

    #[test]
    fn every_text_is_understood() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
            assert_eq!(strategy.name().parse(), Ok(strategy));
        }
        assert_eq!("pct:changes=9".parse(), Ok(Strategy::Pct { changes: 9 }));
    }

    #[test]
    fn what_names_no_strategy_is_refused_with_what_there_is() {
        assert_eq!(
            refusal("fifo"),
            "there is no strategy fifo; there are production, random, walk, urw, surw, pos, pct, delay, restless, portfolio"
        );
        assert_eq!(refusal("walk:steps=1"), "walk has no setting \"steps\"; it has none");
        assert_eq!(refusal("pct:delays=1"), "pct has no setting \"delays\"; it has changes=NUMBER");
        for value in ["", "-1", "1.5", "1001"] {
            let expected = format!("changes must be a whole number from 0 to 1000, not {value:?}");
            assert_eq!(refusal(&format!("pct:changes={value}")), expected);
        }
        assert_eq!(refusal("pct:changes"), "changes must be a whole number from 0 to 1000, not \"\"");
        assert_eq!(refusal("pct:"), "pct has no setting \"\"; it has changes=NUMBER");
    }
}
