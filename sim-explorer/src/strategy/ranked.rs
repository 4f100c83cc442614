//! The tasks that may be polled by a rank: the highest is first.

use std::collections::BinaryHeap;

use sim_executor::{Ready, ReadyId};

use super::ready_tasks::most_listed;

/// A ready task with its rank, as one number, as that is quick to compare. Of equal ranks the task with the greater index is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranked(u128);

impl Ranked {
    pub(super) fn new(id: ReadyId, rank: u64) -> Self {
        Ranked(u128::from(rank) << 64 | u128::from(id.number()))
    }

    pub(super) fn rank(self) -> u64 {
        (self.0 >> 64) as u64
    }

    pub(super) fn id(self) -> ReadyId {
        ReadyId::from_number(self.0 as u64)
    }
}

/// Ready tasks by their ranks. What was polled since, or has ended, is dropped when it comes up.
#[derive(Clone, Debug, Default)]
pub(super) struct RankedTasks {
    /// The highest of all, if it is known: a task that goes on and on never gets into the heap.
    first: Option<Ranked>,
    heap: BinaryHeap<Ranked>,
}

impl RankedTasks {
    /// Adds a task.
    #[inline]
    pub(super) fn add(&mut self, task: Ranked) {
        match self.first {
            Some(first) if first > task => self.heap.push(task),
            Some(first) => {
                self.heap.push(first);
                self.first = Some(task);
            }
            None if self.heap.peek().is_none_or(|next| *next < task) => self.first = Some(task),
            None => self.heap.push(task),
        }
    }

    /// Takes the highest, be it ready still or not.
    #[inline]
    pub(super) fn take_highest(&mut self) -> Option<Ranked> {
        self.first.take().or_else(|| self.heap.pop())
    }

    /// Forgets what is no longer ready, if it is much.
    #[inline]
    pub(super) fn tidy(&mut self, ready: &Ready<'_>) {
        if self.heap.len() > most_listed(ready) {
            self.heap.retain(|entry| ready.is_ready(entry.id()));
        }
    }
}
