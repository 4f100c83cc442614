//! The operation at which a decision is taken.

use std::borrow::Cow;
use std::fmt;

use super::hash::{hash_str, mix};

/// The name of an operation: `time.sleep`, `tcp.read`, `link.latency`, `user:retry`.
///
/// Labels are compared by the hash of their name, which is computed at compile time for a constant:
///
/// ```
/// use sim_executor::Label;
///
/// const READ: Label = Label::new("tcp.read");
/// assert_eq!(READ, Label::new("tcp.read"));
/// assert_ne!(READ, Label::new("tcp.write"));
/// assert_eq!(READ.to_string(), "tcp.read");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Label {
    name: &'static str,
    hash: u64,
}

/// The name of every label that another task's wake gave; their hashes differ.
pub(super) const WOKEN_BY: &str = "by:";

impl Label {
    /// What a task waits at that has not said so, or that has never been polled.
    pub const POLL: Label = Label::new("poll");

    /// What a task waits at that lets others go first.
    pub(crate) const YIELD: Label = Label::new("task.yield");

    /// What a task waits at whose budget is used up.
    pub(crate) const BUDGET: Label = Label::new("task.budget");

    /// The label with that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Label { name, hash: hash_str(name) }
    }

    /// The label of a task that waits at a future of another library and was woken by the task of this lineage.
    #[must_use]
    pub(crate) fn woken_by(lineage_hash: u64) -> Self {
        const BY: u64 = hash_str(WOKEN_BY);
        Label { name: WOKEN_BY, hash: mix(BY, lineage_hash) }
    }

    /// The hash of the name.
    #[inline]
    #[must_use]
    pub const fn hash(self) -> u64 {
        self.hash
    }

    /// The name; for a label that another task's wake gave, only `by:`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The name in full, when `waker` is the lineage of the task that woke this one.
    pub(crate) fn full_name(self, waker: Option<&str>) -> Cow<'static, str> {
        match waker {
            Some(waker) if self.name == WOKEN_BY => Cow::Owned(format!("{WOKEN_BY}{waker}")),
            _ => Cow::Borrowed(self.name),
        }
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Label {}

impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}
