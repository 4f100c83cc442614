//! The tasks that may be polled, as a source keeps them that picks the next one.

use sim_executor::{Candidate, Ready, ReadyId, Value};

/// A list of the ready tasks. What was polled since, or has ended, is dropped when it is come across.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadyTasks {
    listed: Vec<ReadyId>,
}

impl ReadyTasks {
    /// Adds those that became ready since the last question.
    #[inline]
    pub(super) fn update(&mut self, ready: &Ready<'_>) {
        for id in ready.fresh() {
            self.listed.push(*id);
        }
        if self.listed.len() > most_listed(ready) {
            self.listed.retain(|id| ready.is_ready(*id));
        }
    }

    /// Takes one of them, all equally probable.
    #[inline]
    pub(super) fn take_uniform(&mut self, draw_below: impl FnOnce(u64) -> u64) -> Option<ReadyId> {
        if self.listed.is_empty() {
            return None;
        }
        let place = draw_below(self.listed.len() as u64) as usize;
        Some(self.listed.swap_remove(place))
    }
}

/// With more than so many in a list, those are looked for that are ready no longer.
#[inline]
pub(super) fn most_listed(ready: &Ready<'_>) -> usize {
    2 * ready.count() + 64
}

/// The answer that this task is polled next.
pub(crate) fn pick(task: &Candidate) -> Value {
    Value::Pick { task: task.task, key: task.key }
}
