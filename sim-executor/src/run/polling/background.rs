//! Tasks that are there for others only.

use super::Polling;
use crate::choice::TaskId;

impl Polling {
    /// The current task is there for others only.
    pub(crate) fn mark_background(&mut self) {
        if let Some(task) = self.current {
            self.tasks.background_mut(task.index).set_background();
            self.has_background = true;
        }
    }

    /// Whether there is or was such a task.
    #[inline]
    pub(crate) fn has_background(&self) -> bool {
        self.has_background
    }

    /// Whether a task is such a one.
    pub(crate) fn is_background(&self, task: TaskId) -> bool {
        self.tasks.get(task).is_some() && self.tasks.background(task.index).is_background()
    }
}
