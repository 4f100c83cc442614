//! Whether something is done after every poll.

use super::{Polling, manner};

impl Polling {
    /// From the next turn of the loop on, it is looked after every poll what is to be done.
    pub(in crate::run) fn watch_each_poll(&mut self) {
        self.watches_each_poll = true;
        // The others do not look.
        self.manner = manner::ANY;
    }

    #[inline]
    pub(crate) fn watches_each_poll(&self) -> bool {
        self.watches_each_poll
    }
}
