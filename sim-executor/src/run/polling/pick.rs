//! The order of a source that keeps the ready tasks itself.

use super::Polling;
use crate::choice::{Queue, Ready, ReadyId, ReadyTask, Source};
use crate::clock::Instant;
use crate::task::{Links as _, Picked, TaskTable, is_ready};

impl Polling {
    /// The task that the source picks; `None` if it has no opinion.
    #[inline(always)]
    pub(in crate::run) fn pick_by(&mut self, source: &mut dyn Source, now: Instant) -> Option<u32> {
        let stopped = self.stopped().map(|task| self.tasks.link(task.index).id_of(task.index));
        let mut is_again = false;
        loop {
            let Polling { ready, tasks, .. } = self;
            let (count, fresh) = (ready.total(), ready.fresh());
            self.untaken += fresh.len();
            let picked = source.pick(&mut Ready { fresh, count, now, is_again, stopped, queue: &*tasks });
            self.ready.clear_fresh();
            let picked = picked?;
            // Else it has answered one that it was never told of, or twice, and might for ever.
            self.untaken = self.untaken.checked_sub(1)?;
            match self.ready.look_at_picked(&self.tasks, picked) {
                Picked::Ready => return Some(picked.index),
                Picked::Held | Picked::Gone => is_again = true,
            }
        }
    }

    /// Takes a task that the source has picked.
    #[inline(always)]
    pub(in crate::run) fn take_picked(&mut self, index: u32) {
        self.ready.take_out_of_turn(&mut self.tasks, index);
    }
}

impl Queue for TaskTable {
    fn is_ready(&self, id: ReadyId) -> bool {
        is_ready(self, id)
    }

    fn task(&self, id: ReadyId) -> ReadyTask {
        let slot = self.at(id.index);
        ReadyTask { task: slot.id(id.index), lineage: slot.lineage_hash(), key: slot.key() }
    }
}
