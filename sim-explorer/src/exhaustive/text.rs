//! A search as text: `exhaustive`, `exhaustive:2`, `exhaustive:preemptions=2,runs=100000`.

use std::fmt;
use std::str::FromStr;

use super::Exhaustive;

/// This text is no search through all schedules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseExhaustiveError {
    /// It has another name, or a setting that there is not.
    #[error("write it as exhaustive, exhaustive:2, or exhaustive:preemptions=2,runs=1000000; not {text:?}")]
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

impl FromStr for Exhaustive {
    type Err = ParseExhaustiveError;

    fn from_str(text: &str) -> Result<Self, ParseExhaustiveError> {
        let form = || ParseExhaustiveError::Form { text: text.to_string() };
        let settings = text.strip_prefix("exhaustive").ok_or_else(form)?;
        let mut search = Exhaustive::default();
        if settings.is_empty() {
            return Ok(search);
        }
        for setting in settings.strip_prefix(':').ok_or_else(form)?.split(',') {
            let (name, value) = setting.split_once('=').unwrap_or(("preemptions", setting));
            let refused =
                |setting, min| ParseExhaustiveError::Number { setting, min, value: value.to_string() };
            match name {
                "preemptions" => {
                    search.preemptions_max = value.parse().map_err(|_| refused("preemptions", 0))?;
                }
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

impl fmt::Display for Exhaustive {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "exhaustive:preemptions={},runs={}", self.preemptions_max, self.runs_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_search_is_understood() {
        assert_eq!("exhaustive".parse(), Ok(Exhaustive::default()));
        assert_eq!("exhaustive:3".parse(), Ok(Exhaustive { preemptions_max: 3, ..Exhaustive::default() }));
        let search = Exhaustive { preemptions_max: 0, runs_max: 7 };
        assert_eq!(search.to_string().parse(), Ok(search));
    }

    #[test]
    fn what_is_no_search_is_refused_with_what_to_write() {
        let refusal = |text: &str| text.parse::<Exhaustive>().unwrap_err().to_string();
        for text in ["exhaust", "exhaustive2", "exhaustive:depth=2"] {
            assert!(refusal(text).starts_with("write it as exhaustive, "), "{}", refusal(text));
        }
        assert_eq!(refusal("exhaustive:two"), "preemptions must be a whole number from 0 on, not \"two\"");
        assert_eq!(refusal("exhaustive:runs=0"), "runs must be a whole number from 1 on, not \"0\"");
    }
}
