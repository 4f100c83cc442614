//! A search as text: `each`, `each:2`, `each:depth=2,kinds=order+flag,runs=100000`.

use std::fmt;
use std::str::FromStr;

use super::Each;
use super::kinds::ParseKindsError;

/// This text is no deviation-bounded search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseEachError {
    /// It has another name.
    #[error("write it as each, each:2, or each:depth=2,kinds=order+flag+value,runs=1000000; not {text:?}")]
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
    /// It names no kinds of decisions.
    #[error(transparent)]
    Kinds(#[from] ParseKindsError),
}

fn number<N: FromStr + PartialOrd + From<u32>>(
    setting: &'static str,
    min: u32,
    value: &str,
) -> Result<N, ParseEachError> {
    let number = value.parse().ok().filter(|number| *number >= N::from(min));
    number.ok_or_else(|| ParseEachError::Number { setting, min: u64::from(min), value: value.to_string() })
}

impl FromStr for Each {
    type Err = ParseEachError;

    fn from_str(text: &str) -> Result<Self, ParseEachError> {
        let form = || ParseEachError::Form { text: text.to_string() };
        let settings = text.strip_prefix("each").ok_or_else(form)?;
        let mut each = Each::default();
        if settings.is_empty() {
            return Ok(each);
        }
        for setting in settings.strip_prefix(':').ok_or_else(form)?.split(',') {
            match setting.split_once('=') {
                None | Some(("depth", _)) => {
                    let value = setting.strip_prefix("depth=").unwrap_or(setting);
                    each.depth_max = number("depth", 0, value)?;
                }
                Some(("kinds", kinds)) => each.kinds = kinds.parse()?,
                Some(("runs", value)) => each.runs_max = number("runs", 1, value)?,
                Some(_) => return Err(form()),
            }
        }
        Ok(each)
    }
}

impl fmt::Display for Each {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "each:depth={},kinds={},runs={}", self.depth_max, self.kinds, self.runs_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_search_is_understood() {
        assert_eq!("each".parse(), Ok(Each::default()));
        assert_eq!("each:2".parse(), Ok(Each { depth_max: 2, ..Each::default() }));
        let each = Each { depth_max: 3, runs_max: 500, kinds: "flag".parse().unwrap() };
        assert_eq!(each.to_string().parse(), Ok(each));
        assert_eq!("each:depth=3,kinds=flag,runs=500".parse(), Ok(each));
    }

    #[test]
    fn what_is_no_search_is_refused_with_what_to_write() {
        let refusal = |text: &str| text.parse::<Each>().unwrap_err().to_string();
        let form = "write it as each, each:2, or each:depth=2,kinds=order+flag+value,runs=1000000; not ";
        for text in ["", "eac", "each2", "each:width=2"] {
            assert_eq!(refusal(text), format!("{form}{text:?}"));
        }
        assert_eq!(refusal("each:two"), "depth must be a whole number from 0 on, not \"two\"");
        assert_eq!(refusal("each:"), "depth must be a whole number from 0 on, not \"\"");
        assert_eq!(refusal("each:runs=0"), "runs must be a whole number from 1 on, not \"0\"");
        assert!(refusal("each:kinds=order+x").starts_with("there is no kind of decision \"x\""));
    }
}
