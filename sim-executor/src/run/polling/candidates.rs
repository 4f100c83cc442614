//! Ready tasks, as a source sees them.

use super::Polling;
use crate::choice::{Candidate, Label};
use crate::task::Links as _;

impl Polling {
    /// A ready task, as a source sees it.
    pub(in crate::run) fn candidate(&self, index: u32) -> Candidate {
        let (stamp, ready_since) = self.tasks.background(index).stamped();
        let slot = self.tasks.at(index);
        let (task, lineage) = (self.tasks.id_at(index), slot.lineage_hash());
        let label = slot.waiting_at().label;
        let yields = label == Label::YIELD || label == Label::BUDGET;
        Candidate { task, lineage, key: slot.key(), stamp, ready_since, yields }
    }

    /// Whether a task that is ready may be polled now.
    pub(in crate::run) fn is_eligible(&self, index: u32) -> bool {
        !self.ready.is_held(self.tasks.at(index).node()) && self.tasks.link(index).is_listed()
    }
}
