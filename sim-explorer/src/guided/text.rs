//! A guided search as text: `guided`, `guided:runs=100000,seed=7`.

use std::fmt;
use std::str::FromStr;

use super::Guided;
use crate::search_text::{ParseSearchError, SearchForm, number};

const FORM: SearchForm =
    SearchForm { name: "guided", usage: "guided, or guided:runs=10000,seed=0", first: None };

impl FromStr for Guided {
    type Err = ParseSearchError;

    fn from_str(text: &str) -> Result<Self, ParseSearchError> {
        let mut search = Guided::default();
        for (name, value) in FORM.settings(text)? {
            match name {
                "seed" => search.seed = number("seed", 0, value)?,
                "runs" => search.runs_max = number("runs", 1, value)?,
                _ => return Err(FORM.refusal(text)),
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
