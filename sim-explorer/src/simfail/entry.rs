//! The entries of a failure file: a decision by its names, with its answer.

use std::fmt;

use sim_executor::{Faults, Needs};

use super::words::word;

/// A decision by its names: `n2/apply @ lock(log) #1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionName {
    /// The path of names of who takes it, as a trace shows it.
    pub lineage: String,
    /// The operation.
    pub label: String,
    /// How many decisions of these names came before.
    pub ordinal: u32,
}

impl fmt::Display for DecisionName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DecisionName { lineage, label, ordinal } = self;
        write!(out, "{} @ {} #{ordinal}", word(lineage), word(label))
    }
}

/// When it is asked which task is polled next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before any task was polled.
    Start,
    /// After the named task has come to wait at the named operation.
    After(DecisionName),
}

impl fmt::Display for Moment {
    /// `after n2/apply @ lock(log) #1`, `start`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Start => out.write_str("start"),
            Moment::After(name) => write!(out, "after {name}"),
        }
    }
}

/// A task whose turn it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnName {
    /// Its path of names.
    pub task: String,
    /// How many ready tasks of that path are before it: see [`Turn`](crate::Turn).
    pub nth: u32,
}

impl fmt::Display for TurnName {
    /// `n2/snapshot`, and with a `~2` behind it the second of that path.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&word(&self.task))?;
        if self.nth > 0 { write!(out, " ~{}", u64::from(self.nth) + 1) } else { Ok(()) }
    }
}

/// An answer about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileValue {
    /// Whether something happens.
    Flag(bool),
    /// A number.
    Number(u64),
}

impl fmt::Display for FileValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileValue::Flag(flag) => flag.fmt(out),
            FileValue::Number(number) => number.fmt(out),
        }
    }
}

/// The run from which a failure differs in what its file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseOrder {
    /// The [default order](crate::DefaultOrder), with the gentlest answers.
    Default {
        /// Whether nodes poll in iteration batches: see [`Needs::batches`].
        batches: bool,
        /// After how many holds of its CPU a ready task has its turn: see [`Needs::holds_max`].
        holds_max: u32,
        /// Whether tasks stop at decision points: see [`Needs::decision_points`].
        decision_points: bool,
        /// About which faults it is asked also where their probability is zero: see [`Needs::asked_anyway`].
        asked_anyway: Faults,
    },
    /// Production order.
    Production,
    /// The run that the line `found` names by its strategy and seed: what fails only so cannot be told as differences from the default
    /// order.
    Found,
}

impl Default for BaseOrder {
    fn default() -> Self {
        let Needs { batches, holds_max, decision_points, asked_anyway, .. } = Needs::default();
        BaseOrder::Default { batches, holds_max, decision_points, asked_anyway }
    }
}

impl fmt::Display for BaseOrder {
    /// As it stands in the file: `default batches no-points asks=spurious holds=16`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BaseOrder::Default { batches, holds_max, decision_points, asked_anyway } = *self else {
            return out.write_str(if *self == BaseOrder::Found { "found" } else { "production" });
        };
        out.write_str(if batches { "default batches" } else { "default" })?;
        if !decision_points {
            out.write_str(" no-points")?;
        }
        if !asked_anyway.is_empty() {
            write!(out, " asks={asked_anyway}")?;
        }
        match holds_max {
            Needs::HOLDS_MAX => Ok(()),
            u32::MAX => out.write_str(" holds=never"),
            holds => write!(out, " holds={holds}"),
        }
    }
}
