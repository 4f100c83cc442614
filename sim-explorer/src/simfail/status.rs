//! What became of a failure when its file was replayed.

use std::fmt;

/// What became of a failure when its file was replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The same run, decision by decision.
    Exact,
    /// The same failure, in another run: the program was edited.
    Reproduced,
    /// The same failure, once so many entries were taken up to two places earlier or later.
    Repaired(u32),
    /// Everything that the file lists was met, and nothing failed.
    Passed,
    /// So many entries were not met, and nothing failed: the file says nothing any more.
    Stale(u32),
    /// Another failure than that of the file.
    Other,
}

impl Status {
    /// Whether the failure of the file is there.
    #[must_use]
    pub const fn is_there(self) -> bool {
        matches!(self, Status::Exact | Status::Reproduced | Status::Repaired(_))
    }
}

impl fmt::Display for Status {
    /// `EXACT`, `REPRODUCED`, `REPAIRED(2)`, `PASSED`, `STALE(1)`, `OTHER`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Exact => out.pad("EXACT"),
            Status::Reproduced => out.pad("REPRODUCED"),
            Status::Repaired(entries) => out.pad(&format!("REPAIRED({entries})")),
            Status::Passed => out.pad("PASSED"),
            Status::Stale(entries) => out.pad(&format!("STALE({entries})")),
            Status::Other => out.pad("OTHER"),
        }
    }
}
