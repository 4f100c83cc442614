//! A Unix socket for datagrams.

use std::collections::VecDeque;

use super::name::Name;
use crate::address::SocketId;
use crate::bytes::Bytes;
use crate::errno::Errno;

/// A Unix socket for datagrams.
#[derive(Default)]
pub(super) struct Datagrams {
    /// Where datagrams go, and from where alone they are taken. It may be closed by now.
    pub(super) peer: Option<(SocketId, Name)>,
    pub(super) queue: VecDeque<Datagram>,
    /// What was sent and not received, as it counts.
    pub(super) in_flight: usize,
    /// Sockets that found the queue full.
    pub(super) blocked: Vec<SocketId>,
    pub(super) is_read_closed: bool,
    pub(super) is_write_closed: bool,
    /// What is to be told once.
    pub(super) failure: Option<Errno>,
}

/// One that has arrived, and waits to be received.
pub(super) struct Datagram {
    pub(super) from: SocketId,
    pub(super) source: Name,
    pub(super) length: usize,
    pub(super) bytes: Bytes,
}

impl Datagrams {
    pub(super) fn peer_name(&self) -> Option<Name> {
        self.peer.as_ref().map(|(_, name)| name.clone())
    }

    pub(super) fn peer(&self) -> Option<SocketId> {
        self.peer.as_ref().map(|(peer, _)| *peer)
    }

    /// Whether it receives no more, whether it sends no more, and whether it has something to tell.
    pub(super) fn ends(&self) -> (bool, bool, bool) {
        (self.is_read_closed, self.is_write_closed, self.failure.is_some())
    }

    /// Bytes that can be received, and what was sent and not received, as it counts.
    pub(super) fn queues(&self) -> (u64, u64) {
        let queued: usize = self.queue.iter().map(|datagram| datagram.length).sum();
        (queued as u64, self.in_flight as u64)
    }

    /// Whether it takes datagrams of that socket.
    pub(super) fn takes_from(&self, socket: SocketId) -> bool {
        self.peer().is_none_or(|peer| peer == socket)
    }
}
