//! What was drawn for a run that a program may not depend on.

use std::fmt;

/// Something that was drawn for a run and that a program may not depend on. Its text is `TCP send buffer 4096`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Varied {
    /// What it is.
    pub what: &'static str,
    /// What was drawn.
    pub drawn: String,
}

impl fmt::Display for Varied {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.what, self.drawn)
    }
}
