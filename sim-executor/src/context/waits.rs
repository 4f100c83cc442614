//! How long the tasks of a run wait for their polls.

use std::rc::Rc;

use super::with;
use crate::task::TaskStats;

/// The longest wait of a run up to now.
pub(crate) struct LongestWait {
    /// The task, and for how many polls of others it waited, if there is any.
    pub(crate) longest: Option<(Rc<str>, u64)>,
    /// The statistics of all tasks.
    pub(crate) stats: Vec<TaskStats>,
}

/// Who waited longest for a poll; `None` if the run keeps no statistics.
pub(crate) fn longest_wait() -> Option<LongestWait> {
    with(|run| {
        let mut core = run.core_mut();
        if !core.keeps_stats() {
            return None;
        }
        let stats = core.stats();
        let over = stats.iter().map(|task| (Rc::clone(&task.lineage), task.waited_polls_max));
        let mut longest: Option<(Rc<str>, u64)> = None;
        for (task, polls) in over.chain(core.waits_now()) {
            if longest.as_ref().is_none_or(|(_, known)| polls > *known) {
                longest = Some((task, polls));
            }
        }
        Some(LongestWait { longest, stats })
    })
}
