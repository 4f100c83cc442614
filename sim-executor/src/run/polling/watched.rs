//! Whether something is done after every poll.

use super::{Polling, manner};
use crate::choice::Order;

impl Polling {
    /// From the next turn of the loop on, it is looked after every poll what is to be done.
    pub(in crate::run) fn watch_each_poll(&mut self) {
        self.watches_each_poll = true;
        // The others do not look.
        self.manner = manner::ANY;
    }

    /// From the next turn of the loop on, tasks run in production order, and nobody is asked.
    pub(in crate::run) fn settle(&mut self) {
        self.order = Order::Production;
        self.ready.settle_to_production();
        self.untaken = 0;
        self.stopped = None;
        if !self.watches_polls && !self.watches_each_poll {
            self.manner = manner::PRODUCTION;
        }
    }

    #[inline]
    pub(crate) fn watches_each_poll(&self) -> bool {
        self.watches_each_poll
    }
}
