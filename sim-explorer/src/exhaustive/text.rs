//! A search as text: `exhaustive`, `exhaustive:2`, `exhaustive:preemptions=2,runs=100000`.

use std::fmt;
use std::str::FromStr;

use super::Exhaustive;
use crate::search_text::{ParseSearchError, SearchForm, number};

const FORM: SearchForm = SearchForm {
    name: "exhaustive",
    usage: "exhaustive, exhaustive:2, or exhaustive:preemptions=2,runs=1000000",
    first: Some("preemptions"),
};

impl FromStr for Exhaustive {
    type Err = ParseSearchError;

    fn from_str(text: &str) -> Result<Self, ParseSearchError> {
        let mut search = Exhaustive::default();
        for (name, value) in FORM.settings(text)? {
            match name {
                "preemptions" => search.preemptions_max = number("preemptions", 0, value)?,
                "runs" => search.runs_max = number("runs", 1, value)?,
                _ => return Err(FORM.refusal(text)),
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
