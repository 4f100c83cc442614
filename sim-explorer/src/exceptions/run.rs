//! One run by its exceptions, as one line: `follow:direct,9f03…2c.1-58…0.0+77…a1.0=12`.

use std::fmt;
use std::str::FromStr;

use sim_executor::{Key, Value};

use super::{Exceptions, Turn, TurnException, ValueException};

/// The run of some [`Exceptions`], by the hashes of their names: what a search that has found a failure prints so that the run can be made
/// again. A shell takes the text without quotes.
///
/// ```
/// use sim_executor::{Key, Value};
/// use sim_explorer::{Exceptions, FollowRun, ValueException};
///
/// let value = ValueException { key: Key { stream: 0x2c, ordinal: 1 }, value: Value::Int(7) };
/// let run = FollowRun::of(&Exceptions { values: vec![value], ..Exceptions::default() });
/// assert_eq!(run.to_string(), "follow:2c.1=7");
/// assert_eq!("follow:2c.1=7".parse(), Ok(run));
/// assert!("follow:2c.1".parse::<FollowRun>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowRun {
    /// Whether tasks stop at decision points: see [`Exceptions::decision_points`].
    pub decision_points: bool,
    /// Whose turn it is where that is not the default's.
    pub turns: Vec<TurnException>,
    /// Values and faults that are not the gentlest.
    pub values: Vec<ValueException>,
}

/// This text names no run by its exceptions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no run: copy the whole of follow:… from where the failure was told")]
pub struct ParseFollowRunError {
    /// What was given.
    pub text: String,
}

const PREFIX: &str = "follow:";
const DIRECT: &str = "direct,";
const NONE: &str = "default";

impl FollowRun {
    /// The run of these.
    #[must_use]
    pub fn of(exceptions: &Exceptions) -> Self {
        let Exceptions { decision_points, schedule, values, .. } = exceptions;
        FollowRun { decision_points: *decision_points, turns: schedule.clone(), values: values.clone() }
    }

    /// They, without the names.
    #[must_use]
    pub fn exceptions(&self) -> Exceptions {
        let FollowRun { decision_points, turns, values } = self.clone();
        Exceptions { decision_points, schedule: turns, values, ..Exceptions::default() }
    }

    /// Whether a text means such a run.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

impl fmt::Display for FollowRun {
    /// As [`FromStr`] takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(PREFIX)?;
        if !self.decision_points {
            out.write_str(DIRECT)?;
        }
        let turns = self.turns.iter().map(|TurnException { after, run }| {
            format!("{:x}.{}-{:x}.{}", after.stream, after.ordinal, run.lineage, run.nth)
        });
        let values = self.values.iter().map(|ValueException { key, value }| {
            let value = match value {
                Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_string(),
                Value::Int(number) => number.to_string(),
                Value::Pick { .. } => panic!("a value exception is no pick of a task"),
            };
            format!("{:x}.{}={value}", key.stream, key.ordinal)
        });
        let all: Vec<String> = turns.chain(values).collect();
        if all.is_empty() { out.write_str(NONE) } else { out.write_str(&all.join("+")) }
    }
}

impl FromStr for FollowRun {
    type Err = ParseFollowRunError;

    fn from_str(text: &str) -> Result<Self, ParseFollowRunError> {
        parse(text).ok_or_else(|| ParseFollowRunError { text: text.to_string() })
    }
}

fn parse(text: &str) -> Option<FollowRun> {
    let rest = text.strip_prefix(PREFIX)?;
    let (decision_points, rest) = rest.strip_prefix(DIRECT).map_or((true, rest), |rest| (false, rest));
    let mut run = FollowRun { decision_points, turns: Vec::new(), values: Vec::new() };
    if rest == NONE {
        return Some(run);
    }
    for exception in rest.split('+') {
        if let Some((key, value)) = exception.split_once('=') {
            let value = match value {
                "yes" => Value::Flag(true),
                "no" => Value::Flag(false),
                number => Value::Int(plain(number)?),
            };
            run.values.push(ValueException { key: key_of(key)?, value });
        } else {
            let (after, turn) = exception.split_once('-')?;
            let Key { stream: lineage, ordinal: nth } = key_of(turn)?;
            run.turns.push(TurnException { after: key_of(after)?, run: Turn { lineage, nth } });
        }
    }
    Some(run)
}

/// A hash and a number.
fn key_of(text: &str) -> Option<Key> {
    let (hash, number) = text.split_once('.')?;
    let is_plain = hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let stream = u64::from_str_radix(hash, 16).ok().filter(|_| is_plain)?;
    Some(Key { stream, ordinal: plain(number)? })
}

/// Digits, and no sign.
fn plain<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_text_of_a_run_comes_back_equal(
            decision_points in any::<bool>(),
            turns in prop::collection::vec((any::<u64>(), any::<u32>(), any::<u64>(), any::<u32>()), 0..4),
            values in prop::collection::vec((any::<u64>(), any::<u32>(), prop::option::of(any::<u64>())), 0..4),
        ) {
            let turn = |(stream, ordinal, lineage, nth)| TurnException {
                after: Key { stream, ordinal },
                run: Turn { lineage, nth },
            };
            let value = |(stream, ordinal, number): (u64, u32, Option<u64>)| ValueException {
                key: Key { stream, ordinal },
                value: number.map_or(Value::Flag(stream % 2 == 0), Value::Int),
            };
            let turns = turns.into_iter().map(turn).collect();
            let values = values.into_iter().map(value).collect();
            let run = FollowRun { decision_points, turns, values };
            prop_assert_eq!(run.to_string().parse(), Ok(run.clone()));
            prop_assert_eq!(FollowRun::of(&run.exceptions()), run);
        }
    }

    #[test]
    fn what_names_no_run_is_refused() {
        for rest in
            ["", "1", "1.0", "1.0=", "1.0=x", "1.0=-1", "+1.0-1.0", "1.0=1+", "x.0=1", "1.0-1", "direct"]
        {
            let text = format!("follow:{rest}");
            assert_eq!(text.parse::<FollowRun>(), Err(ParseFollowRunError { text }));
        }
    }
}
