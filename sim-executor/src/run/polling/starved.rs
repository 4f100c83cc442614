//! Ready tasks that are not polled although the order is fair.

use super::Polling;
use crate::choice::TaskId;
use crate::clock::Instant;

/// A task that starves.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct Starved {
    pub(in crate::run) task: TaskId,
    /// For how many polls of others it has waited.
    pub(in crate::run) polls: u64,
    /// How many tasks were ready at one time, at most.
    pub(in crate::run) ready: usize,
}

impl Polling {
    /// A task becomes ready.
    pub(in crate::run) fn note_ready(&mut self) {
        self.ready_most = self.ready_most.max(self.ready.total() + 1);
    }

    /// Whether the task that is polled next has starved; now and then, whether one of all that are ready does.
    pub(in crate::run) fn starved(&mut self, index: u32, now: Instant) -> Option<Starved> {
        const POLLS_BETWEEN: u64 = 256;
        if !self.is_fair {
            return None;
        }
        let starved = self.starved_task(index, now);
        if starved.is_some() || !self.polls.is_multiple_of(POLLS_BETWEEN) {
            return starved;
        }
        let ready: Vec<u32> = self.ready.iter(&self.tasks).collect();
        ready.into_iter().find_map(|index| self.starved_task(index, now))
    }

    fn starved_task(&mut self, index: u32, now: Instant) -> Option<Starved> {
        let (polls, ready) = (self.polls, self.ready_most);
        let task = self.tasks.id_at(index);
        let (slot, background) = self.tasks.whole_mut(index);
        if !slot.is_ready() {
            return None;
        }
        let polls = background.waits_mut().within_instant(polls, now)?;
        (polls > self.limits.starvation_of(ready)).then_some(Starved { task, polls, ready })
    }
}
