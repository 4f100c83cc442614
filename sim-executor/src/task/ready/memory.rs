//! The memory that a ready queue leaves to that of the next run.

use std::collections::VecDeque;
use std::mem::take;

use super::priorities::PrioritiesMemory;
use super::{Kept, NodeList, ReadyQueue};
use crate::choice::ReadyId;
use crate::reuse::Reuse as _;

/// The collections of a ready queue, all of them empty.
#[derive(Debug, Default)]
pub(crate) struct ReadyMemory {
    pub(super) nodes: Vec<NodeList>,
    pub(super) turns: VecDeque<u32>,
    pub(super) graves: VecDeque<u32>,
    pub(super) overdue: VecDeque<u32>,
    pub(super) priorities: PrioritiesMemory,
    pub(super) fresh: Vec<ReadyId>,
}

impl ReadyQueue {
    /// Takes the memory out at the end of the run.
    pub(crate) fn take_memory(&mut self) -> ReadyMemory {
        let (mut priorities, mut fresh) = (PrioritiesMemory::default(), Vec::new());
        match std::mem::replace(&mut self.kept, Kept::Nothing) {
            Kept::Nothing => {}
            Kept::Priorities(kept) => priorities = kept.into_memory(),
            Kept::Fresh(kept) => fresh = kept.renewed(),
        }
        ReadyMemory {
            nodes: take(&mut self.nodes).renewed(),
            turns: take(&mut self.turns).renewed(),
            graves: take(&mut self.graves).renewed(),
            overdue: take(&mut self.overdue).renewed(),
            priorities,
            fresh,
        }
    }
}
