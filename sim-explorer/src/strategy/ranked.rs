//! The tasks that may be polled by a rank: the highest is first.

use std::collections::BinaryHeap;

use sim_executor::{Candidate, Candidates, Eligibility};

/// A ready task with its rank. Of equal ranks the task whose lineage has the greater hash is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranked {
    pub(super) rank: u64,
    pub(super) lineage: u64,
    pub(super) index: u32,
    pub(super) stamp: u32,
}

impl Ranked {
    pub(super) fn new(task: &Candidate, rank: u64) -> Self {
        Ranked { rank, lineage: task.lineage, index: task.task.index() as u32, stamp: task.stamp }
    }
}

/// Ready tasks by their ranks. What was polled since, or has ended, is dropped when it comes up.
#[derive(Clone, Debug, Default)]
pub(super) struct RankedTasks {
    /// The highest of all, if it is known: a task that goes on and on never gets into the heap.
    first: Option<Ranked>,
    heap: BinaryHeap<Ranked>,
    /// Came up while they may not be polled.
    held: Vec<Ranked>,
}

impl RankedTasks {
    /// Adds a task.
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

    /// Takes the highest that may be polled now and of which `is_valid` says that the rank is its present one.
    pub(super) fn take_highest(
        &mut self,
        candidates: &dyn Candidates,
        is_valid: impl Fn(&Ranked, &Candidate) -> bool,
    ) -> Option<(Ranked, Candidate)> {
        let mut found = None;
        while let Some(entry) = self.first.take().or_else(|| self.heap.pop()) {
            match candidates.eligibility(entry.index, entry.stamp) {
                Eligibility::Ready(task) if is_valid(&entry, &task) => {
                    found = Some((entry, task));
                    break;
                }
                Eligibility::Held => self.held.push(entry),
                Eligibility::Ready(_) | Eligibility::Gone => {}
            }
        }
        self.heap.extend(self.held.drain(..));
        if self.heap.len() > 2 * candidates.count() + 64 {
            self.tidy(candidates);
        }
        found
    }

    #[cold]
    fn tidy(&mut self, candidates: &dyn Candidates) {
        self.heap
            .retain(|entry| !matches!(candidates.eligibility(entry.index, entry.stamp), Eligibility::Gone));
    }
}
