//! What is kept of a task from its beginning on.

use std::future::Future;

use super::Polling;
use crate::choice::TaskId;
use crate::task::{Background, Memory, NewTask, Slot};

impl Polling {
    /// Adds a task that waits, with this future.
    ///
    /// # Errors
    /// With the task's memory, if there is no room.
    #[inline(always)]
    pub(in crate::run) fn add<F>(
        &mut self,
        tasks_max: usize,
        new: NewTask,
        future: F,
    ) -> Result<TaskId, Memory>
    where
        F: Future + 'static,
    {
        self.tasks.insert(tasks_max, &mut self.kinds, new, future)
    }

    /// A task, and the rest of what is kept of it.
    #[inline]
    pub(crate) fn whole_mut(&mut self, index: u32) -> (&mut Slot, &mut Background) {
        self.tasks.whole_mut(index)
    }
}
