//! The name of one decision in a run.

use super::hash::mix;
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
    /// The stream of an actor's operation.
    #[inline]
    #[must_use]
    pub const fn stream(lineage_hash: u64, label: Label) -> u64 {
        mix(lineage_hash, label.hash())
    }
}
