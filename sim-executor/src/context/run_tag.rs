//! Whether the current run is the one that something belongs to.

use super::{CURRENT, with};
use crate::run::RunTag;

impl RunTag {
    /// That of the current run.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn current() -> RunTag {
        with(|run| run.tag())
    }

    /// Whether the current run is the one. Outside of runs, none is.
    #[inline]
    #[must_use]
    pub fn is_current(self) -> bool {
        CURRENT.with(|current| current.tag.get()) == self.number()
    }

    /// Sees that the current run is the one to which `what` belongs: a type's name, such as `TcpStream`.
    ///
    /// # Panics
    /// In another run, and outside of runs.
    #[inline]
    #[track_caller]
    pub fn check(self, what: &str) {
        if !self.is_current() {
            self.refuse(what);
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn refuse(self, what: &str) -> ! {
        // The same as without a tag, if there is no run.
        with(|_| ());
        panic!(
            "this {what} belongs to another run: make a new one in each run, and keep none in a static or beside the runs"
        )
    }
}
