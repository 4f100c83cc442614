//! A parameter that is set on the command line.

use std::str::FromStr;

use sim_explorer::{Scenario, SettingError, Settings};

/// `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: u64,
}

/// This sets no parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseSettingError {
    #[error("write it as name=number, such as messages=50")]
    Form,
    #[error("{text:?} is no value: it must be a whole number from 0 to {}", u64::MAX)]
    Value { text: String },
}

/// No scenario of a sweep has this parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of these scenarios has a parameter {name}; `list --json` shows those of each")]
pub(crate) struct UnusedSetting {
    pub(crate) name: String,
}

impl FromStr for Setting {
    type Err = ParseSettingError;

    fn from_str(text: &str) -> Result<Self, ParseSettingError> {
        let (name, value) = text.split_once('=').ok_or(ParseSettingError::Form)?;
        if name.is_empty() {
            return Err(ParseSettingError::Form);
        }
        let value = value.parse().map_err(|_| ParseSettingError::Value { text: value.to_string() })?;
        Ok(Setting { name: name.to_string(), value })
    }
}

/// The parameters of a scenario, all of which it must have.
pub(crate) fn settings(scenario: &Scenario, given: &[Setting]) -> Result<Settings, SettingError> {
    scenario.settings(given.iter().map(|setting| (setting.name.as_str(), setting.value)))
}

/// The parameters of a scenario, which need not have all of those that are given.
pub(crate) fn settings_known(scenario: &Scenario, given: &[Setting]) -> Result<Settings, SettingError> {
    let known = given.iter().filter(|setting| has(scenario, setting));
    scenario.settings(known.map(|setting| (setting.name.as_str(), setting.value)))
}

pub(crate) fn has(scenario: &Scenario, setting: &Setting) -> bool {
    scenario.parameters.iter().any(|parameter| parameter.name == setting.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_name_with_a_number() {
        assert_eq!("messages=50".parse(), Ok(Setting { name: "messages".to_string(), value: 50 }));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "messages", "=5"] {
            assert_eq!(text.parse::<Setting>(), Err(ParseSettingError::Form), "{text}");
        }
        for text in ["messages=", "messages=five", "messages=-1", "messages=1=2"] {
            assert!(matches!(text.parse::<Setting>(), Err(ParseSettingError::Value { .. })), "{text}");
        }
    }
}
