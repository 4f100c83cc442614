//! The readable names of the streams of decisions that a recording holds.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// An actor and its operation: `server/conn#2 @ tcp.read`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The path of names from the root.
    pub lineage: Rc<str>,
    /// The operation.
    pub label: Rc<str>,
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} @ {}", self.lineage, self.label)
    }
}

/// For each stream its name.
pub type Names = BTreeMap<u64, Name>;
