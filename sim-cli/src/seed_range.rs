//! A range of seeds on the command line.

use std::ops::Range;
use std::str::FromStr;

use crate::seed;

/// The seeds from `start` to below `end`; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeedRange {
    start: u64,
    end: u64,
}

/// This is no range of seeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SeedRangeError {
    #[error("write it as A..B, such as 0..200, for the seeds from A to B - 1")]
    Form,
    #[error("{text:?} is no seed: {}", seed::advice(text))]
    Seed { text: String },
    #[error("no seed is from {start} to below {end}; the second number must be greater than the first")]
    Empty { start: u64, end: u64 },
}

impl SeedRange {
    pub(crate) fn range(self) -> Range<u64> {
        self.start..self.end
    }
}

impl FromStr for SeedRange {
    type Err = SeedRangeError;

    fn from_str(text: &str) -> Result<Self, SeedRangeError> {
        let (start, end) = text.split_once("..").ok_or(SeedRangeError::Form)?;
        let (start, end) = (one(start)?, one(end)?);
        if start < end { Ok(SeedRange { start, end }) } else { Err(SeedRangeError::Empty { start, end }) }
    }
}

fn one(text: &str) -> Result<u64, SeedRangeError> {
    if text.is_empty() {
        return Err(SeedRangeError::Form);
    }
    text.replace('_', "").parse().map_err(|_| SeedRangeError::Seed { text: text.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_half_open() {
        assert_eq!("0..200".parse::<SeedRange>().unwrap().range(), 0..200);
        let most = format!("0..{}", u64::MAX);
        assert_eq!(most.parse::<SeedRange>().unwrap().range(), 0..u64::MAX);
    }

    #[test]
    fn what_is_no_range_is_refused_with_the_reason() {
        let error = |text: &str| text.parse::<SeedRange>().unwrap_err();
        for text in ["", "7", "..", "0..", "..5"] {
            assert_eq!(error(text), SeedRangeError::Form, "{text}");
        }
        for (text, seed) in [("0..=5", "=5"), ("-1..5", "-1"), ("0..1e3", "1e3"), ("0...5", ".5")] {
            assert_eq!(error(text), SeedRangeError::Seed { text: seed.to_string() });
        }
        assert_eq!(error("5..5"), SeedRangeError::Empty { start: 5, end: 5 });
        assert_eq!(error("6..5"), SeedRangeError::Empty { start: 6, end: 5 });
    }
}
