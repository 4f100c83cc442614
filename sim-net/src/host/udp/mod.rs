//! Datagram sockets.

mod bind;
mod datagram;
mod groups;
mod option_calls;
mod options;
mod receive;
mod room;
mod send;
mod unsent;
mod ways;

use std::collections::VecDeque;

use crate::address::{Bound, Endpoint, InterfaceId};
use crate::errno::Errno;
use crate::pool::Slice;
use crate::waiters::Waiters;

pub(crate) use options::Options;
pub(crate) use send::DATAGRAM_BYTES_MAX;

use datagram::Datagram;
use unsent::Unsent;
use ways::Ways;

/// A datagram socket.
pub(crate) struct Datagrams {
    bound: Bound,
    /// Whether it shows addresses of IPv4 mapped into IPv6.
    is_v6: bool,
    /// What is left of a socket whose process is dead.
    is_dead: bool,
    pub(super) port: u16,
    peer: Option<Endpoint>,
    pub(crate) options: Options,
    /// The groups that it has joined, each in the loopback or outside of it.
    joined: Vec<InterfaceId>,
    queue: VecDeque<Datagram>,
    /// What the queue counts in the receive buffer.
    queued_bytes: usize,
    /// What a connected socket has learned of its peer, until a call tells it.
    failure: Option<Errno>,
    /// Where datagrams went, since the next goes to one of these addresses, as a rule.
    ways: Ways,
    /// What waits for its turn at a link, once there was such.
    unsent: Option<Box<Unsent>>,
    pub(super) readers: Waiters,
    pub(super) writers: Waiters,
}

impl Datagrams {
    fn new(bound: Bound, is_v6: bool, port: u16) -> Self {
        Datagrams {
            bound,
            is_v6,
            is_dead: false,
            port,
            peer: None,
            options: Options::default(),
            joined: Vec::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            failure: None,
            ways: Ways::default(),
            unsent: None,
            readers: Waiters::default(),
            writers: Waiters::ready(),
        }
    }

    /// One with the same address, of which nothing is left but the descriptor.
    pub(super) fn dead(&self) -> Self {
        Datagrams {
            is_dead: true,
            peer: self.peer,
            readers: Waiters::ready(),
            ..Datagrams::new(self.bound, self.is_v6, self.port)
        }
    }

    /// Where it is, whether it shows addresses of IPv6, and its peer.
    pub(super) fn addresses(&self) -> (Bound, bool, Option<Endpoint>) {
        (self.bound, self.is_v6, self.peer)
    }

    /// What is to be received, as it counts.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Whether it is such a one.
    pub(super) fn is_dead(&self) -> bool {
        self.is_dead
    }

    /// Looks again for the way to an address when the next datagram is sent there.
    pub(in crate::host) fn forget_ways(&mut self) {
        self.ways.clear();
    }

    /// Whether there is an error to be told of.
    pub(super) fn has_error(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether there is something to receive.
    pub(super) fn has_datagram(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Bytes of what is received next.
    pub(super) fn next_bytes(&self) -> usize {
        let next = self.queue.front().and_then(|datagram| datagram.payload.as_ref());
        next.map_or(0, Slice::len)
    }

    /// What is to be said when nothing is in the queue.
    fn nothing(&self) -> Errno {
        if self.is_dead { Errno::BadDescriptor } else { Errno::WouldBlock }
    }
}
