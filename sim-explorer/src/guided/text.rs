//! A guided search as text: `guided`, `guided:runs=100000,seed=7`.

use std::fmt;
use std::str::FromStr;

use super::Guided;

/// This text is no guided search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseGuidedError {
    /// It has another name, or a setting that there is not.
    #[error("write it as guided, or guided:runs=10000,seed=0; not {text:?}")]
    Form {
        /// What was given.
        text: String,
    },
    /// A number is out of its range.
    #[error("{setting} must be a whole number from {min} on, not {value:?}")]
    Number {
        /// The setting.
        setting: &'static str,
        /// Its least value.
        min: u64,
        /// What was given.
        value: String,
    },
}

impl FromStr for Guided {
    type Err = ParseGuidedError;

    fn from_str(text: &str) -> Result<Self, ParseGuidedError> {
        let form = || ParseGuidedError::Form { text: text.to_string() };
        let settings = text.strip_prefix("guided").ok_or_else(form)?;
        let mut search = Guided::default();
        if settings.is_empty() {
            return Ok(search);
        }
        for setting in settings.strip_prefix(':').ok_or_else(form)?.split(',') {
            let (name, value) = setting.split_once('=').ok_or_else(form)?;
            let refused = |setting, min| ParseGuidedError::Number { setting, min, value: value.to_string() };
            match name {
                "seed" => search.seed = value.parse().map_err(|_| refused("seed", 0))?,
                "runs" => {
                    let runs = value.parse().ok().filter(|runs| *runs > 0);
                    search.runs_max = runs.ok_or_else(|| refused("runs", 1))?;
                }
                _ => return Err(form()),
            }
        }
        Ok(search)
    }
}

impl fmt::Display for Guided {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "guided:runs={},seed={}", self.runs_max, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_search_is_understood() {
        assert_eq!("guided".parse(), Ok(Guided::default()));
        let search = Guided { seed: 7, runs_max: 9 };
        assert_eq!(search.to_string().parse(), Ok(search));
        assert_eq!("guided:runs=9,seed=7".parse(), Ok(search));
    }

    #[test]
    fn what_is_no_search_is_refused_with_what_to_write() {
        let refusal = |text: &str| text.parse::<Guided>().unwrap_err().to_string();
        for text in ["guide", "guided7", "guided:7", "guided:depth=2"] {
            assert!(refusal(text).starts_with("write it as guided, "), "{}", refusal(text));
        }
        assert_eq!(refusal("guided:runs=0"), "runs must be a whole number from 1 on, not \"0\"");
        assert_eq!(refusal("guided:seed=x"), "seed must be a whole number from 0 on, not \"x\"");
    }
}
