//! Tasks that have stopped at a decision point.

use super::Polling;
use crate::choice::TaskId;
use crate::task::Slot;

/// An operation that lets others go first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    task: TaskId,
    resource: u64,
    poll: u64,
}

impl Polling {
    /// The current task stops at a decision point, unless it is the only one that could go on, as this says.
    pub(crate) fn begin_stop(&mut self) -> bool {
        let Some(current) = self.current.filter(|_| self.probed.is_none() && self.ready.total() > 0) else {
            return true;
        };
        self.stopped = Some((current, self.polls));
        false
    }

    /// The current task stops before it uses this resource, unless it has stopped there in an earlier poll: then the operation goes
    /// on, as this says. A resource of many operations at once may be among them as often.
    pub(crate) fn has_stopped_before(&mut self, resource: u64) -> bool {
        let Some(current) = self.current else { return true };
        let is_before =
            |stop: &Stop| stop.task == current && stop.resource == resource && stop.poll < self.polls;
        let Some(place) = self.stops.iter().position(is_before) else { return false };
        self.stops.swap_remove(place);
        true
    }

    /// The current task has stopped before it uses this resource.
    pub(crate) fn note_stop(&mut self, resource: u64) {
        const KEPT: usize = 256;
        let Some(task) = self.current else { return };
        if self.stops.len() >= KEPT {
            // Operations that were dropped where they stopped. A task that loses its stop stops once more.
            self.stops.retain(|stop| stop.poll == self.polls || self.tasks.get(stop.task).is_some());
        }
        self.stops.push(Stop { task, resource, poll: self.polls });
    }

    /// The task that was polled last and has stopped at a decision point: it goes on unless the source has others go first.
    pub(in crate::run) fn stopped(&self) -> Option<TaskId> {
        let (task, _) = self.stopped.filter(|(_, poll)| *poll == self.polls)?;
        let is_ready = self.tasks.get(task).is_some_and(Slot::is_ready) && self.is_eligible(task.index);
        is_ready.then_some(task)
    }
}
