//! All decisions of a run, in order.

use super::domain::Value;
use super::fault::Faults;
use super::key::Key;
use super::names::{Name, Names};
use super::source::Needs;

/// One decision that was not forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its name.
    pub key: Key,
    /// What was answered.
    pub value: Value,
    /// Whether that was the gentlest answer.
    pub is_default: bool,
}

/// All decisions of a run that were not forced, in order, with the names of what they speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whether nodes polled in iteration batches: see [`Needs::batches`](super::Needs).
    pub batches: bool,
    /// After how many holds of its CPU a ready task had its turn: see [`Needs::holds_max`](super::Needs).
    pub holds_max: u32,
    /// Whether tasks stopped at decision points: see [`Needs::decision_points`](super::Needs).
    pub decision_points: bool,
    /// Which faults were asked about also where their probability is zero: see [`Needs::asked_anyway`](super::Needs).
    pub asked_anyway: Faults,
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// The names of the streams in them.
    pub names: Names,
}

impl Default for Recording {
    /// Without decisions, of a run that was as the default of [`Needs`] says.
    fn default() -> Self {
        let Needs { batches, holds_max, decision_points, asked_anyway, .. } = Needs::default();
        Recording {
            batches,
            holds_max,
            decision_points,
            asked_anyway,
            decisions: Vec::new(),
            names: Names::new(),
        }
    }
}

impl Recording {
    /// The name of a stream of decisions, if the recording speaks of it.
    #[must_use]
    pub fn name(&self, stream: u64) -> Option<&Name> {
        self.names.get(&stream)
    }
}

impl Recording {
    /// A decision of it as text: `main/worker @ time.sleep #3 -> run main/other #0`.
    #[must_use]
    pub fn text_of(&self, decision: &Decision) -> String {
        let show = |key: Key| {
            let name = self.name(key.stream).map_or_else(|| format!("{:016x}", key.stream), Name::to_string);
            format!("{name} #{}", key.ordinal)
        };
        let key = show(decision.key);
        match decision.value {
            Value::Pick { key: picked, .. } => format!("{key} -> run {}", show(picked)),
            Value::Flag(flag) => format!("{key} -> {flag}"),
            Value::Int(value) => format!("{key} -> {value}"),
        }
    }
}

impl std::fmt::Display for Recording {
    /// One decision a line: `main/worker @ time.sleep #3 -> run main/other`, a star before those that are not the gentlest.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for decision in &self.decisions {
            let mark = if decision.is_default { ' ' } else { '*' };
            writeln!(out, "{mark} {}", self.text_of(decision))?;
        }
        Ok(())
    }
}
