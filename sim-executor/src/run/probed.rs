//! A task that is polled once more when the run is over.

use super::Core;
use crate::choice::TaskId;
use crate::task::{Memory, Wait};

impl Core {
    /// Takes a task for such a poll; `None` if it does not wait for a wake.
    pub(crate) fn begin_probe(&mut self, task: TaskId) -> Option<Memory> {
        let memory = self.polling.tasks_mut().get_mut(task)?.begin_probe()?;
        self.polling.set_current(Some(task));
        self.polling.set_probed(Some(Vec::new()));
        Some(memory)
    }

    /// Gives it its memory back; tells where it has said that it waits.
    pub(crate) fn end_probe(&mut self, task: TaskId, memory: Memory) -> Vec<Wait> {
        self.polling.set_current(None);
        let mut waits = self.polling.set_probed(None).unwrap_or_default();
        let slot = self.polling.tasks_mut().at_mut(task.index);
        if !slot.waits_for_unknown() {
            waits.push(slot.waiting_at());
        }
        slot.end_poll(memory);
        waits
    }
}
