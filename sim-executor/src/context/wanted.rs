//! What the source of the current run wants to be told, or asked, as it is looked at in hot places.

use std::cell::Cell;

use crate::run::Run;

/// Nothing of it outside of a run.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Whether somebody is told what tasks touch.
    pub(super) tells_accesses: Cell<bool>,
    /// Whether tasks stop at decision points.
    pub(super) decision_points: Cell<bool>,
    /// Whether they also stop before operations of sockets and timers: only where they stop at decision points at all.
    pub(super) io_points: Cell<bool>,
    /// Whether sleeps in the branches of a `select!` may be over before their time.
    pub(super) cuts_selects: Cell<bool>,
    /// The branches of how many nested ones are being polled, where that matters.
    pub(super) selecting: Cell<u32>,
}

impl Wanted {
    pub(super) const fn new() -> Self {
        Wanted {
            tells_accesses: Cell::new(false),
            decision_points: Cell::new(false),
            io_points: Cell::new(false),
            cuts_selects: Cell::new(false),
            selecting: Cell::new(0),
        }
    }

    /// As this run wants it.
    pub(super) fn set(&self, run: Option<&Run>) {
        self.tells_accesses.set(run.is_some_and(Run::tells_accesses));
        self.decision_points.set(run.is_some_and(Run::has_decision_points));
        self.io_points.set(run.is_some_and(Run::has_io_points));
        self.cuts_selects.set(run.is_some_and(|run| run.cancels().selects.is_some()));
    }
}
