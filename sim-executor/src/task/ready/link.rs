//! The place of a task in the list of its node.

use crate::choice::{Key, ReadyId};

/// No task.
pub(super) const NONE: u32 = u32::MAX;
/// The `next` of a task that is in no list.
pub(super) const UNLISTED: u32 = u32::MAX - 1;

/// The neighbours of a task in the list of its node; kept with the task, which is at hand when they are needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(super) next: u32,
    /// Of no meaning for the first of a list.
    pub(super) previous: u32,
    /// How often the CPU of its node had been held when it became ready.
    pub(super) holds: u32,
    /// How often it was put into the list; tells a priority that it had before from the present one.
    pub(super) stamp: u32,
}

impl Link {
    pub(crate) const NONE: Link = Link { next: UNLISTED, previous: NONE, holds: 0, stamp: 0 };

    /// A new stamp, for the entry of the task among the priorities.
    #[inline]
    pub(super) fn begin_entry(&mut self) -> u32 {
        self.stamp = self.stamp.wrapping_add(1);
        self.stamp
    }

    /// The task with this link, as it is ready now.
    pub(crate) fn id_of(self, task: u32) -> ReadyId {
        ReadyId { index: task, stamp: self.stamp }
    }

    /// Brings it into the caches, with what lies beside it, before it is needed: nobody waits for what was read.
    #[inline]
    pub(super) fn read_ahead(&self) {
        std::hint::black_box(self.stamp);
    }

    /// Whether the task is in the list of its node, and not among what the node has not looked at yet.
    pub(crate) fn is_listed(self) -> bool {
        self.next != UNLISTED
    }
}

/// What the ready queue has to know of tasks.
pub(crate) trait Links {
    fn link(&self, task: u32) -> &Link;

    fn link_mut(&mut self, task: u32) -> &mut Link;

    fn node_of(&self, task: u32) -> u32;

    /// Sets which task follows on `before`, if there is one.
    #[inline(always)]
    fn follow(&mut self, before: u32, task: u32) {
        if before != NONE {
            self.link_mut(before).next = task;
        }
    }

    /// The name of the task's next poll.
    fn key_of(&self, task: u32) -> Key;
}
