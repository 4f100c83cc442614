//! A search as text: `each`, `each:2`, `each:depth=2,kinds=order+flag,runs=100000`.

use std::fmt;
use std::str::FromStr;

use super::Each;
use super::kinds::ParseKindsError;
use crate::search_text::{ParseSearchError, SearchForm, number};

const FORM: SearchForm = SearchForm {
    name: "each",
    usage: "each, each:2, or each:depth=2,kinds=order+flag+value,runs=1000000",
    first: Some("depth"),
};

impl FromStr for Each {
    type Err = ParseSearchError;

    fn from_str(text: &str) -> Result<Self, ParseSearchError> {
        let mut search = Each::default();
        for (name, value) in FORM.settings(text)? {
            match name {
                "depth" => search.depth_max = number("depth", 0, value)?,
                "kinds" => search.kinds = value.parse().map_err(refused)?,
                "runs" => search.runs_max = number("runs", 1, value)?,
                _ => return Err(FORM.refusal(text)),
            }
        }
        Ok(search)
    }
}

impl fmt::Display for Each {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "each:depth={},kinds={},runs={}", self.depth_max, self.kinds, self.runs_max)
    }
}

fn refused(error: ParseKindsError) -> ParseSearchError {
    ParseSearchError::Value { reason: error.to_string() }
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
