//! Who has made something, and who a task is: names for what a library reports.

use std::rc::Rc;

use super::{try_with, with};
use crate::choice::{Label, TaskId};

/// The hash of the lineage of the current task (between tasks, that of the node `main`), and which of the things of this kind that it has
/// made this one is, from zero. Together they name a thing that is made in every run. To be asked once for each.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn made(kind: Label) -> (u64, u32) {
    with(|run| {
        let mut core = run.core_mut();
        let actor = core.current_actor();
        let key = core.decisions.lineages_mut().next_key(actor, kind);
        (core.decisions.lineages().hash(actor), key.ordinal)
    })
}

/// The lineage of a task of the current run that has not ended, for a report.
#[must_use]
pub fn lineage_of(task: TaskId) -> Option<Rc<str>> {
    try_with(|run| {
        let mut core = run.core_mut();
        let lineage = core.polling.tasks().get(task).filter(|slot| !slot.has_ended())?.lineage();
        Some(core.decisions.lineages_mut().path(lineage))
    })?
}

/// The lineage with this hash of a task of the current run that has not ended, for a report: all tasks are looked through.
#[must_use]
pub fn lineage_with(hash: u64) -> Option<Rc<str>> {
    try_with(|run| {
        let alive = run.core().polling.tasks().alive();
        let is_it = |task: &TaskId| run.core().polling.tasks().at(task.index).lineage_hash() == hash;
        alive.into_iter().find(is_it)
    })?
    .and_then(lineage_of)
}
