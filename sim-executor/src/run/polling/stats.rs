//! Statistics of how tasks are polled, where they are kept.

use super::Polling;
use crate::choice::Lineages;
use crate::clock::Instant;
use crate::task::TaskStats;

impl Polling {
    #[inline]
    pub(in crate::run) fn keeps_stats(&self) -> bool {
        self.stats.is_some()
    }

    /// The task becomes ready.
    #[cold]
    pub(in crate::run) fn begin_wait(&mut self, index: u32, now: Instant) {
        let polls = self.polls;
        self.tasks.background_mut(index).waits_mut().begin(polls, now);
    }

    /// The task is polled.
    #[cold]
    pub(in crate::run) fn end_wait(&mut self, index: u32, now: Instant) {
        let polls = self.polls;
        let (slot, background) = self.tasks.whole_mut(index);
        background.waits_mut().end(slot.is_ready(), slot.polled_at(), polls, now);
    }

    /// For how many polls of other tasks a task has waited up to now, if it is ready.
    pub(in crate::run) fn waits_now(&mut self, index: u32) -> Option<u64> {
        let polls = self.polls;
        let (slot, background) = self.tasks.whole_mut(index);
        slot.is_ready().then(|| background.waits_mut().so_far(polls))
    }

    pub(in crate::run) fn stats_of(&mut self, index: u32, lineages: &mut Lineages) -> TaskStats {
        let (slot, background) = self.tasks.whole_mut(index);
        let name = (lineages.path(slot.lineage()), slot.lineage_hash());
        background.waits_mut().stats(name, slot.polls())
    }

    pub(in crate::run) fn keep_stats(&mut self, ended: TaskStats) {
        if let Some(stats) = &mut self.stats {
            stats.push(ended);
        }
    }

    /// Of tasks that have ended, in that order.
    pub(in crate::run) fn stats_of_ended(&self) -> Vec<TaskStats> {
        self.stats.clone().unwrap_or_default()
    }
}
