//! The options of a connection that can be asked for, or set, while it stands.

use std::time::Duration;

use sim_executor::Instant;

use super::config::TcpKeepalive;
use super::connection::{Connection, Phase};

impl Connection {
    pub(crate) fn nodelay(&self) -> bool {
        self.tx.nodelay()
    }

    pub(crate) fn set_nodelay(&mut self, nodelay: bool) {
        self.tx.set_nodelay(nodelay);
    }

    pub(crate) fn linger(&self) -> Option<Duration> {
        self.linger
    }

    pub(crate) fn set_linger(&mut self, linger: Option<Duration>) {
        self.linger = linger;
    }

    /// Whether acknowledgements go at once, rather than with data.
    pub(crate) fn is_quick(&self) -> bool {
        self.rx.is_quick()
    }

    pub(crate) fn set_quick(&mut self, quick: bool) {
        self.rx.set_quick(quick);
    }

    pub(crate) fn keepalive(&self) -> bool {
        self.keepalive.is_on
    }

    pub(crate) fn set_keepalive(&mut self, now: Instant, is_on: bool) {
        if self.keepalive.is_on != is_on {
            self.keepalive.is_on = is_on;
            if self.phase == Phase::Open {
                self.keepalive.start(now);
            }
        }
    }

    pub(crate) fn keepalive_times(&self) -> TcpKeepalive {
        self.keepalive.times
    }

    pub(crate) fn set_keepalive_times(&mut self, now: Instant, times: TcpKeepalive) {
        self.keepalive.set_times(times, now, self.heard_at);
    }

    /// Holds back what was written and does not fill a segment, until more is written, or until a timeout.
    pub(crate) fn hold_back(&mut self) {
        self.tx.hold_back();
    }

    /// Lets go what was held back.
    pub(crate) fn release(&mut self) {
        self.tx.release();
    }
}
