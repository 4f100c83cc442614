//! The text of a search: its name, then perhaps a colon and settings with commas between them.

use std::str::FromStr;

/// This text is no search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSearchError {
    /// It has another name, or a setting that there is not.
    #[error("write it as {usage}; not {text:?}")]
    Form {
        /// How it is written.
        usage: &'static str,
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
    /// The value of another setting has no meaning.
    #[error("{reason}")]
    Value {
        /// Why, and what there is.
        reason: String,
    },
}

/// What a search is called, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchForm {
    pub(crate) name: &'static str,
    pub(crate) usage: &'static str,
    /// The setting whose name may be left out.
    pub(crate) first: Option<&'static str>,
}

impl SearchForm {
    /// The settings of a text, each with its name.
    pub(crate) fn settings<'a>(&self, text: &'a str) -> Result<Vec<(&'a str, &'a str)>, ParseSearchError> {
        let settings = text.strip_prefix(self.name).ok_or_else(|| self.refusal(text))?;
        if settings.is_empty() {
            return Ok(Vec::new());
        }
        let settings = settings.strip_prefix(':').ok_or_else(|| self.refusal(text))?.split(',');
        let named = settings.map(|setting| {
            let first = self.first.map(|name| (name, setting));
            setting.split_once('=').or(first).ok_or_else(|| self.refusal(text))
        });
        named.collect()
    }

    /// That a text is written in another way.
    pub(crate) fn refusal(&self, text: &str) -> ParseSearchError {
        ParseSearchError::Form { usage: self.usage, text: text.to_string() }
    }
}

/// The value of a setting, which is `min` at least.
pub(crate) fn number<N: FromStr + PartialOrd + From<u32>>(
    setting: &'static str,
    min: u32,
    value: &str,
) -> Result<N, ParseSearchError> {
    let number = value.parse().ok().filter(|number| *number >= N::from(min));
    number.ok_or_else(|| ParseSearchError::Number { setting, min: u64::from(min), value: value.to_string() })
}
