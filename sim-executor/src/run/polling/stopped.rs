//! The task that has stopped at a decision point.

use super::Polling;
use crate::choice::TaskId;
use crate::task::Slot;

impl Polling {
    /// The current task stops at a decision point, unless it is the only one that could go on, as this says.
    pub(crate) fn begin_stop(&mut self) -> bool {
        let Some(current) = self.current.filter(|_| self.probed.is_none() && self.ready.total() > 0) else {
            return true;
        };
        self.stopped = Some((current, self.polls));
        false
    }

    /// The task that was polled last and has stopped at a decision point: it goes on unless the source has others go first.
    pub(in crate::run) fn stopped(&self) -> Option<TaskId> {
        let (task, _) = self.stopped.filter(|(_, poll)| *poll == self.polls)?;
        let is_ready = self.tasks.get(task).is_some_and(Slot::is_ready) && self.is_eligible(task.index);
        is_ready.then_some(task)
    }
}
