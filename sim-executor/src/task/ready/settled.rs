//! The ready queue of a run that settles.

use super::link::NONE;
use super::{Kept, Links, ReadyQueue};

impl ReadyQueue {
    /// From now on tasks have their turns in production order.
    pub(crate) fn settle_to_production(&mut self) {
        (self.batches, self.kept, self.holds_max) = (true, Kept::Nothing, u32::MAX);
        self.overdue.clear();
        for list in &mut self.nodes {
            list.is_overdue = false;
            drop(list.take_parked());
        }
    }

    /// The ready tasks of a node, whether it may poll them or not, by wake.
    pub(crate) fn listed(&self, node: u32, links: &impl Links) -> Vec<u32> {
        let list = &self.nodes[node as usize];
        let mut listed = Vec::new();
        let mut next = list.head;
        while next != NONE {
            listed.push(next);
            next = links.link(next).next;
        }
        listed.extend(list.deferred());
        listed
    }
}
