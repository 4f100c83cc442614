//! What a source may be told of a run besides its questions.

use std::ops;

use super::hash::mix;
use super::key::Key;
use super::label::Label;
use super::task_id::TaskId;
use crate::clock::Instant;

/// Something that several tasks can touch: a socket, a lock, a queue, the end of a task. Two polls that touch one of these, one of
/// them for writing, *race*: their order may matter.
///
/// It is a number that is the same in every run in which the program makes the same things in the same order.
///
/// ```
/// use sim_executor::{Label, Resource};
///
/// const TABLE: Label = Label::new("user.table");
/// assert_eq!(Resource::new(TABLE, 7), Resource::new(TABLE, 7));
/// assert_ne!(Resource::new(TABLE, 7), Resource::new(TABLE, 8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource(u64);

impl Resource {
    /// The resource of this kind that has that number among those of its kind.
    #[inline]
    #[must_use]
    pub const fn new(kind: Label, number: u64) -> Self {
        Resource(mix(kind.hash(), number))
    }

    /// What a task touches at its end, as does who waits for that or looks whether it has come.
    #[must_use]
    pub const fn end_of(task: TaskId) -> Self {
        const END: Label = Label::new("task.end");
        Resource::new(END, (task.generation as u64) << 32 | task.index as u64)
    }

    /// A part of it that is touched apart from the others, such as one direction of a connection.
    #[inline]
    #[must_use]
    pub const fn part(self, number: u64) -> Self {
        Resource(mix(self.0, number))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How a task touches a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It looks, and changes nothing: two that only read may change places.
    Read,
    /// It may change what others find.
    Write,
}

impl Access {
    /// Whether two touches of one resource race, when these are theirs.
    #[must_use]
    pub const fn races_with(self, other: Access) -> bool {
        matches!((self, other), (Access::Write, _) | (_, Access::Write))
    }
}

/// Something that happened in a run. A source that asks for it by [`Needs::facts`](super::Needs) is told by
/// [`Source::observe`](super::Source::observe).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// A task was spawned. [`FactKinds::SPAWNS`].
    Spawned {
        /// The new task.
        task: TaskId,
        /// The hash of its lineage.
        lineage: u64,
        /// Who has spawned it, if a task has.
        by: Option<TaskId>,
    },
    /// A task became ready. [`FactKinds::WAKES`].
    Woken {
        /// The task.
        task: TaskId,
        /// The name of its next poll.
        key: Key,
        /// Who has woken it: another task, or itself; nobody for a timer or a device.
        by: Option<TaskId>,
    },
    /// The poll of a task begins. [`FactKinds::POLLS`].
    PollBegun {
        /// The task.
        task: TaskId,
        /// The hash of its lineage.
        lineage: u64,
        /// The name of the poll.
        key: Key,
        /// When it begins, in the world's time.
        now: Instant,
    },
    /// A poll is over in which the task has woken itself: it goes behind the others. Told before [`Fact::PollEnded`].
    /// [`FactKinds::POLLS`].
    Yielded {
        /// The task.
        task: TaskId,
    },
    /// The poll of a task is over. [`FactKinds::POLLS`].
    PollEnded {
        /// The task.
        task: TaskId,
        /// Whether it was the last.
        has_ended: bool,
    },
    /// A task touches a resource in its poll. [`FactKinds::ACCESSES`].
    Accessed {
        /// The task.
        task: TaskId,
        /// The name of the poll.
        key: Key,
        /// The resource.
        resource: Resource,
        /// For what.
        access: Access,
    },
    /// The program has passed one of its properties, such as `sometimes!`. [`FactKinds::PROPERTIES`].
    Passed {
        /// The property's name.
        name: &'static str,
        /// Whether it held.
        holds: bool,
    },
    /// The poll that goes on tells all that it touches: see [`spawn_telling`](crate::spawn_telling). [`FactKinds::ACCESSES`].
    TellsAll {
        /// The task.
        task: TaskId,
    },
    /// A task says what it will touch first in its next poll. [`FactKinds::ACCESSES`].
    Intended {
        /// The task.
        task: TaskId,
        /// The resource.
        resource: Resource,
        /// For what.
        access: Access,
    },
}

/// Kinds of facts. The `|` of two is both.
///
/// ```
/// use sim_executor::FactKinds;
///
/// let kinds = FactKinds::POLLS | FactKinds::ACCESSES;
/// assert!(kinds.has(FactKinds::ACCESSES));
/// assert!(!kinds.has(FactKinds::WAKES));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactKinds(u8);

impl FactKinds {
    /// None: nothing is told, and nothing is kept for it.
    pub const NONE: FactKinds = FactKinds(0);
    /// Spawns of tasks.
    pub const SPAWNS: FactKinds = FactKinds(1);
    /// Tasks that become ready.
    pub const WAKES: FactKinds = FactKinds(1 << 1);
    /// Beginnings and ends of polls.
    pub const POLLS: FactKinds = FactKinds(1 << 2);
    /// What tasks touch.
    pub const ACCESSES: FactKinds = FactKinds(1 << 3);
    /// Properties that the program has passed.
    pub const PROPERTIES: FactKinds = FactKinds(1 << 4);
    /// What is touched, by names for people: [`RunEnd::resources`](super::RunEnd).
    pub const NAMES: FactKinds = FactKinds(1 << 5);
    /// All of them.
    pub const ALL: FactKinds = FactKinds(u8::MAX);

    /// Whether these are among them.
    #[inline]
    #[must_use]
    pub const fn has(self, kinds: FactKinds) -> bool {
        self.0 & kinds.0 != 0
    }
}

impl ops::BitOr for FactKinds {
    type Output = FactKinds;

    fn bitor(self, other: FactKinds) -> FactKinds {
        FactKinds(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_touches_race_unless_both_only_read() {
        assert!(!Access::Read.races_with(Access::Read));
        assert!(Access::Read.races_with(Access::Write));
        assert!(Access::Write.races_with(Access::Read));
        assert!(Access::Write.races_with(Access::Write));
    }

    #[test]
    fn parts_of_a_resource_differ_from_it_and_from_each_other() {
        let whole = Resource::new(Label::new("socket"), 3);
        assert_ne!(whole.part(0), whole);
        assert_ne!(whole.part(0), whole.part(1));
    }

    #[test]
    fn no_kind_is_among_none_and_each_is_among_all() {
        for kind in [
            FactKinds::SPAWNS,
            FactKinds::WAKES,
            FactKinds::POLLS,
            FactKinds::ACCESSES,
            FactKinds::PROPERTIES,
            FactKinds::NAMES,
        ] {
            assert!(!FactKinds::NONE.has(kind));
            assert!(FactKinds::ALL.has(kind));
        }
    }
}
