//! A Unix socket that waits for connections.

use std::collections::VecDeque;

use crate::address::SocketId;

/// A listening Unix socket.
pub(super) struct Listener {
    /// One more than so many may wait.
    pub(super) backlog_max: u32,
    /// Our ends of the connections to be accepted.
    pub(super) backlog: VecDeque<SocketId>,
}

impl Listener {
    /// How many connections can be accepted, and beyond how many none may wait.
    pub(super) fn queues(&self) -> (u64, u64) {
        (self.backlog.len() as u64, self.backlog_max.into())
    }

    pub(super) fn is_full(&self) -> bool {
        self.backlog.len() > self.backlog_max as usize
    }
}
