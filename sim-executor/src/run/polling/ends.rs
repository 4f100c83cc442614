//! The ends of tasks.

use super::Polling;
use crate::task::{Background, Memory, Slot};

impl Polling {
    /// A task, and the rest of what is kept of it.
    #[inline]
    pub(crate) fn whole_mut(&mut self, index: u32) -> (&mut Slot, &mut Background) {
        self.tasks.whole_mut(index)
    }

    /// Keeps the memory of a task that was taken out and vacated, for the next task of its kind.
    #[inline]
    pub(in crate::run) fn give_back(&mut self, index: u32, memory: Memory) {
        let kind = self.tasks.background(index).kind();
        self.kinds.give_back(kind, memory);
    }
}
