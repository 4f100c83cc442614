//! Which task: an index that is used again, with the generation that tells its uses apart.

use std::fmt;

/// A task of one run. Ids are given in spawn order but used again after a task has ended, with the next generation.
///
/// It is shown as a number, as tokio's `task::Id` is: the tasks that are alive together first have 1, 2, 3 and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A waker has no room for more.
pub(crate) const GENERATION_BITS: u32 = 20;
/// The last generation of an index, after which it is not used again.
pub(crate) const GENERATION_MAX: u32 = (1 << GENERATION_BITS) - 1;

impl TaskId {
    /// Of a task that was refused, since there was no room for it: no task has it.
    pub(crate) const REFUSED: TaskId = TaskId { index: u32::MAX, generation: u32::MAX };

    /// Whether it is that.
    #[inline]
    pub(crate) fn is_refused(self) -> bool {
        // No task has an index as great.
        self.index == TaskId::REFUSED.index
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

/// More than all indexes: tasks are limited to as many as a waker can tell apart.
const GENERATION_STEP: u64 = 1 << 22;

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (u64::from(self.generation) * GENERATION_STEP + u64::from(self.index) + 1).fmt(out)
    }
}

/// `Id(3)`, as tokio shows it.
impl fmt::Debug for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Id({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_a_number_that_no_other_has() {
        assert_eq!(TaskId::from_parts(0, 0).to_string(), "1");
        assert_eq!(format!("{:?}", TaskId::from_parts(6, 0)), "Id(7)");
        let last = TaskId::from_parts((1 << 22) - 1, 0).to_string();
        assert_ne!(TaskId::from_parts(0, 1).to_string(), last);
    }
}
