//! Who is polled while virtual time stands still: watched in the last polls before the limit.

use std::collections::BTreeMap;

use super::Polling;
use crate::choice::TaskId;
use crate::task::Slot;

/// The last polls of an instant that has too many of them.
#[derive(Debug, Default)]
pub(super) struct Busy {
    /// How many polls there were in the run before that instant.
    before: u64,
    /// Of each task, by index and generation.
    tasks: BTreeMap<(u32, u32), BusyTask>,
    /// Which was polled last.
    last: Option<TaskId>,
    polls: u64,
}

/// What a task has done in those polls.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::run) struct BusyTask {
    /// How often it was polled.
    pub(in crate::run) polls: u64,
    /// How often it was ready again when its own poll was over.
    pub(in crate::run) itself: u64,
}

impl Busy {
    /// So many polls are watched.
    const WATCHED: u64 = 1_000;

    /// After how many polls at one instant they are watched, if that is the limit.
    pub(super) fn watched_from(limit: u64) -> u64 {
        limit - Busy::WATCHED.min(limit / 2)
    }

    fn task(&mut self, task: TaskId) -> &mut BusyTask {
        self.tasks.entry((task.index, task.generation)).or_default()
    }
}

impl Polling {
    /// Notes that the current task is polled.
    pub(super) fn note_busy(&mut self) {
        let Some(task) = self.current else { return };
        let busy = self.busy.get_or_insert_default();
        if busy.before != self.polls_before {
            **busy = Busy { before: self.polls_before, ..Busy::default() };
        }
        if let Some(last) = busy.last.replace(task)
            && (last == task || self.tasks.get(last).is_some_and(Slot::is_ready))
        {
            busy.task(last).itself += 1;
        }
        busy.task(task).polls += 1;
        busy.polls += 1;
    }

    /// Who was polled most in the polls that were watched of this instant, and of how many.
    pub(in crate::run) fn busiest(&self) -> (Vec<(TaskId, BusyTask)>, u64) {
        let Some(busy) = self.busy.as_ref().filter(|busy| busy.before == self.polls_before) else {
            return (Vec::new(), 0);
        };
        let task = |(&(index, generation), &busy): (&(u32, u32), &BusyTask)| {
            (TaskId::from_parts(index, generation), busy)
        };
        let mut tasks: Vec<_> = busy.tasks.iter().map(task).collect();
        tasks.sort_by_key(|(_, busy)| std::cmp::Reverse(busy.polls));
        (tasks, busy.polls)
    }
}
