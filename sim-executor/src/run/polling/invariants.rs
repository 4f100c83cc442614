//! Whether something is looked at after every poll.

use super::{Polling, manner};

impl Polling {
    /// From the next turn of the loop on, invariants are looked at after every poll.
    pub(in crate::run) fn watch_invariants(&mut self) {
        self.has_invariants = true;
        // The others do not look.
        self.manner = manner::ANY;
    }

    #[inline]
    pub(crate) fn has_invariants(&self) -> bool {
        self.has_invariants
    }
}
