//! The name of one decision in a run.

use super::hash::{hash_str, mix};
use super::label::Label;

/// Names one decision: an actor's lineage and an operation (together the *stream*), and which time it is in this run.
///
/// Keys do not depend on what other actors do, so a stored key means the same after the program was edited elsewhere.
/// The readable name of a stream is in [`Names`](super::Names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The hash of (lineage, label).
    pub stream: u64,
    /// How many decisions of that stream came before.
    pub ordinal: u32,
}

impl Key {
    /// The name of the question which task is polled first, before any was.
    pub const START: Key = Key { stream: 0, ordinal: 0 };

    /// The stream of an actor's operation.
    #[inline]
    #[must_use]
    pub const fn stream(lineage_hash: u64, label: Label) -> u64 {
        mix(lineage_hash, label.hash())
    }

    /// The stream of the questions which task is polled after a poll of this actor, which then waits at this operation.
    #[inline]
    #[must_use]
    pub const fn after(lineage_hash: u64, label: Label) -> u64 {
        Key::after_stream(Key::stream(lineage_hash, label))
    }

    /// The same, for the actor and the operation that have this stream.
    pub(super) const fn after_stream(stream: u64) -> u64 {
        const AFTER: u64 = hash_str("after");
        mix(stream, AFTER)
    }
}
