//! One run that deviates, as text: `each:run=12.1+40.0`.

use std::fmt;
use std::str::FromStr;

use sim_executor::Faults;

use super::deviation::DeviantStep;
use super::kinds::Kinds;

/// A run that differs from the default order in these decisions, and in no other.
///
/// Its text says the number of each decision and which of its other answers it has; a shell takes it without quotes.
///
/// ```
/// use sim_explorer::{DeviantRun, DeviantStep};
///
/// let steps = vec![DeviantStep { at: 12, nth: 1 }, DeviantStep { at: 40, nth: 0 }];
/// let run = DeviantRun { steps, ..DeviantRun::default() };
/// assert_eq!(run.to_string(), "each:run=12.1+40.0");
/// assert_eq!("each:run=12.1+40.0".parse(), Ok(run));
/// assert_eq!(DeviantRun::default().to_string(), "each:run=default");
/// assert!("each:run=40.0+12.1".parse::<DeviantRun>().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviantRun {
    /// What is asked about also where its probability is zero, since the search has asked so: see [`Kinds`].
    pub faults: Faults,
    /// In the order of their decisions. None is the default order itself.
    pub steps: Vec<DeviantStep>,
}

/// This text names no run with few deviations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} names no run: write each:run=12.1+40.0, the number of each decision with the number of its answer, the decisions in \
     rising order; or each:run=default; or each:faults=loss,run=12.1"
)]
pub struct ParseDeviantRunError {
    /// What was given.
    pub text: String,
}

const PREFIX: &str = "each:";
const STEPS: &str = "run=";
const FAULTS: &str = "faults=";
const NONE: &str = "default";

impl DeviantRun {
    /// Whether a text means one run, rather than a search.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        let settings = text.strip_prefix(PREFIX);
        settings.is_some_and(|settings| settings.split(',').any(|setting| setting.starts_with(STEPS)))
    }
}

impl fmt::Display for DeviantRun {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(PREFIX)?;
        if !self.faults.is_empty() {
            write!(out, "{FAULTS}{},", self.faults)?;
        }
        out.write_str(STEPS)?;
        for (number, step) in self.steps.iter().enumerate() {
            let plus = if number > 0 { "+" } else { "" };
            write!(out, "{plus}{step}")?;
        }
        if self.steps.is_empty() { out.write_str(NONE) } else { Ok(()) }
    }
}

impl FromStr for DeviantRun {
    type Err = ParseDeviantRunError;

    fn from_str(text: &str) -> Result<Self, ParseDeviantRunError> {
        parse(text).ok_or_else(|| ParseDeviantRunError { text: text.to_string() })
    }
}

fn parse(text: &str) -> Option<DeviantRun> {
    let (faults, steps) = match text.strip_prefix(PREFIX)?.split_once(',') {
        Some((faults, steps)) => (parse_faults(faults.strip_prefix(FAULTS)?)?, steps),
        None => (Faults::NONE, text.strip_prefix(PREFIX)?),
    };
    let steps = steps.strip_prefix(STEPS)?;
    if steps == NONE {
        return Some(DeviantRun { faults, ..DeviantRun::default() });
    }
    let steps: Vec<DeviantStep> = steps.split('+').map(step).collect::<Option<_>>()?;
    steps.is_sorted_by(|one, next| one.at < next.at).then_some(DeviantRun { faults, steps })
}

fn parse_faults(text: &str) -> Option<Faults> {
    let kinds: Kinds = text.parse().ok()?;
    (kinds == Kinds::of(kinds.faults)).then_some(kinds.faults)
}

fn step(text: &str) -> Option<DeviantStep> {
    let (at, nth) = text.split_once('.')?;
    Some(DeviantStep { at: number(at)?, nth: number(nth)? })
}

/// Digits, and no sign.
fn number<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sim_executor::Fault;

    #[test]
    fn what_names_no_run_is_refused() {
        for steps in [
            "",
            "1",
            "1.",
            ".1",
            "1.2+",
            "1.2+1.3",
            "2.0+1.0",
            "+1.2",
            "1.-2",
            "1.2 ",
            "none",
            "1.4294967296",
        ] {
            let text = format!("each:run={steps}");
            assert_eq!(text.parse::<DeviantRun>(), Err(ParseDeviantRunError { text }));
        }
        for text in
            ["each:2", "each:faults=,run=1.0", "each:faults=order,run=1.0", "each:run=1.0,faults=loss"]
        {
            assert!(text.parse::<DeviantRun>().is_err(), "{text}");
        }
        assert!(!DeviantRun::is_meant_by("each:runs=5"));
    }

    proptest! {
        #[test]
        fn the_text_of_a_run_comes_back_equal(
            steps in prop::collection::btree_map(any::<u64>(), any::<u32>(), 0..5),
        ) {
            let steps = steps.into_iter().map(|(at, nth)| DeviantStep { at, nth }).collect();
            let run = DeviantRun { steps, ..DeviantRun::default() };
            prop_assert_eq!(run.to_string().parse(), Ok(run.clone()));
            let faults = Faults::of(Fault::Loss) | Faults::of(Fault::Crash);
            let asking = DeviantRun { faults, ..run };
            prop_assert_eq!(asking.to_string().parse(), Ok(asking.clone()));
            prop_assert!(DeviantRun::is_meant_by(&asking.to_string()));
        }
    }
}
