//! One end of a stream between two Unix sockets.

use super::inbox::{Inbox, is_roomy};
use super::name::Name;
use crate::address::SocketId;
use crate::config::UnixConfig;
use crate::errno::Errno;

/// One end of a stream.
pub(super) struct End {
    /// Nobody once it is closed.
    pub(super) peer: Option<SocketId>,
    pub(super) peer_name: Name,
    pub(super) inbox: Inbox,
    /// What this end has written and the other has not read, as it counts.
    pub(super) in_flight: usize,
    /// There will be nothing to read besides what is there.
    pub(super) is_read_closed: bool,
    /// Nothing can be written.
    pub(super) is_write_closed: bool,
    /// Why it ended, until someone was told.
    pub(super) failure: Option<Errno>,
}

impl End {
    pub(super) fn new(peer: SocketId, peer_name: Name) -> Self {
        End {
            peer: Some(peer),
            peer_name,
            inbox: Inbox::default(),
            in_flight: 0,
            is_read_closed: false,
            is_write_closed: false,
            failure: None,
        }
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.inbox.is_empty() || self.is_read_closed || self.failure.is_some()
    }

    pub(super) fn is_writable(&self, config: UnixConfig) -> bool {
        is_roomy(self.in_flight, config)
            || (self.is_read_closed && self.is_write_closed)
            || self.failure.is_some()
    }
}
