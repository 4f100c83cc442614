//! The ready tasks, for a source that keeps them itself.

use super::key::Key;
use super::task_id::TaskId;
use crate::clock::Instant;

/// A task that is ready, and which of the times that it became so is meant: it is polled once for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadyId {
    pub(crate) index: u32,
    pub(crate) stamp: u32,
}

impl ReadyId {
    /// The index of the task: see [`TaskId::index`].
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// Both its parts in one number, by which it is quick to compare.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u64 {
        (self.index as u64) << 32 | self.stamp as u64
    }

    /// The id with this [`ReadyId::number`].
    #[inline]
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        ReadyId { index: (number >> 32) as u32, stamp: number as u32 }
    }
}

/// A task that is ready, by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyTask {
    /// The task, in this run.
    pub task: TaskId,
    /// The hash of its lineage: the task's name, which is the same in every run.
    pub lineage: u64,
    /// The name of its next poll: (lineage @ operation it waited at, ordinal). Known only where the source is told of
    /// [facts](super::Needs::facts), or the run is recorded: it costs a little.
    pub key: Key,
}

/// What a source is told that picks the next task itself: see [`Source::pick`](super::Source::pick).
pub struct Ready<'a> {
    pub(crate) fresh: &'a [ReadyId],
    pub(crate) count: usize,
    pub(crate) now: Instant,
    pub(crate) is_again: bool,
    pub(crate) stopped: Option<ReadyId>,
    pub(crate) queue: &'a dyn Queue,
}

/// What a source seldom asks of the ready queue.
pub(crate) trait Queue {
    fn is_ready(&self, id: ReadyId) -> bool;

    fn task(&self, id: ReadyId) -> ReadyTask;
}

impl<'a> Ready<'a> {
    /// Those that have become ready since the source was last told, in that order. Each is told once; and once more if it was picked while
    /// its node's CPU was held, when that is free again. Some may have been polled since, or have ended.
    #[inline]
    #[must_use]
    pub fn fresh(&self) -> &'a [ReadyId] {
        self.fresh
    }

    /// How many tasks may be polled now.
    #[inline]
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// When it is asked.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Whether it is asked once more at the same step, since the task that it has picked was polled before, has ended, or may not be
    /// polled now.
    #[inline]
    #[must_use]
    pub fn is_again(&self) -> bool {
        self.is_again
    }

    /// Whether it still is ready: neither was it polled since, nor has it ended.
    #[must_use]
    pub fn is_ready(&self, id: ReadyId) -> bool {
        self.queue.is_ready(id)
    }

    /// The names of a task that has become ready.
    #[inline]
    #[must_use]
    pub fn task(&self, id: ReadyId) -> ReadyTask {
        self.queue.task(id)
    }

    /// The task that was polled last, if it has stopped at a [decision point](crate::decision_point) there: it would go on.
    #[inline]
    #[must_use]
    pub fn stopped(&self) -> Option<ReadyId> {
        self.stopped
    }
}
