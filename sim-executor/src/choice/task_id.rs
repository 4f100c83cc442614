//! Which task: an index that is used again, with the generation that tells its uses apart.

use std::fmt;

/// A task of one run. Ids are given in spawn order but used again after a task has ended, with the next generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Generations start again after this many bits, as a waker has no room for more.
pub(crate) const GENERATION_BITS: u32 = 20;

impl TaskId {
    /// The id of the next task at the same index.
    pub(crate) const fn generation_after(generation: u32) -> u32 {
        (generation + 1) & ((1 << GENERATION_BITS) - 1)
    }

    /// The id with these parts, for sources that keep tables of tasks and for tests of them.
    #[must_use]
    pub const fn from_parts(index: u32, generation: u32) -> Self {
        TaskId { index, generation }
    }

    /// The index, below the largest number of tasks that were alive at one time.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.generation == 0 {
            write!(out, "task {}", self.index)
        } else {
            write!(out, "task {}.{}", self.index, self.generation)
        }
    }
}
