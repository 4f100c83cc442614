//! One decision that is not answered with the gentlest.

use std::fmt;

use sim_executor::{Key, Value};

/// One decision of a run, with another answer than the gentlest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Where, and which of the other answers.
    pub step: DeviantStep,
    /// The decision's name.
    pub key: Key,
    /// The answer.
    pub answer: Alternative,
}

/// Which decision of a run has which of its other answers: all that is needed to make it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviantStep {
    /// Which decision of the run it is, counted from zero.
    pub at: u64,
    /// Which of the answers besides the gentlest, counted from zero: of the ready tasks those that are not next, in their order, and
    /// then the next task behind the others; of a flag only `true`; of a number the least and the greatest.
    pub nth: u32,
}

/// An answer besides the gentlest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// This value: another task, a fault that happens, an extreme of a number.
    Value(Value),
    /// The task whose turn it is waits until all others that are ready have had theirs.
    Postpone,
}

impl fmt::Display for Deviation {
    /// `decision 7: true`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "decision {}: ", self.step.at)?;
        match self.answer {
            Alternative::Value(Value::Pick { task, .. }) => write!(out, "{task} is polled first"),
            Alternative::Value(Value::Flag(flag)) => write!(out, "{flag}"),
            Alternative::Value(Value::Int(number)) => write!(out, "{number}"),
            Alternative::Postpone => out.write_str("the next task waits for the others"),
        }
    }
}

impl fmt::Display for DeviantStep {
    /// `12.1`: the second other answer of the thirteenth decision.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.at, self.nth)
    }
}
