//! At which step of a timeline each decision of a run was taken.

use std::collections::BTreeMap;

use sim_executor::{Recording, Value};
use sim_explorer::{MarkKind, Timeline};

/// A decision, where it was taken.
pub(super) struct Decided {
    /// The step of the poll that it chose, or that it was taken in.
    pub(super) step: usize,
    pub(super) text: String,
    pub(super) is_default: bool,
}

/// The decisions of a run in order. A choice among tasks is taken just before the next poll of the task that it chose.
pub(super) fn decisions(recording: &Recording, timeline: &Timeline) -> Vec<Decided> {
    let shown = recording.to_string();
    let mut polls_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for mark in timeline.marks.iter().filter(|mark| mark.kind == MarkKind::Polled) {
        polls_of.entry(&timeline.lanes[mark.lane].name).or_default().push(mark.step);
    }
    let mut step = 0;
    let decided = recording.decisions.iter().zip(shown.lines()).map(|(decision, line)| {
        if let Value::Pick { key, .. } = decision.value
            && let Some(name) = recording.name(key.stream)
            && let Some(polls) = polls_of.get(&*name.lineage)
        {
            let next = polls.partition_point(|&poll| poll <= step && step > 0);
            step = polls.get(next).copied().unwrap_or(step);
        }
        let text = line.get(2..).unwrap_or_default().to_string();
        Decided { step, text, is_default: decision.is_default }
    });
    decided.collect()
}
