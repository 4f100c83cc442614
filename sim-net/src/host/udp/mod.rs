//! Datagram sockets.

mod groups;
mod options;
mod receive;
mod room;
mod send;
mod ways;

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::bindings::Protocol;
use super::sockets::Socket;
use super::{Kernel, Route};
use crate::address::{Bound, Endpoint, InterfaceId, SocketId};
use crate::errno::Errno;
use crate::waiters::Waiters;

pub(crate) use options::Options;
pub(crate) use send::DATAGRAM_BYTES_MAX;

use receive::Datagram;
use room::Unsent;
use send::Destination;
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
            writers: Waiters::default(),
        }
    }

    /// One with the same address, of which nothing is left but the descriptor.
    pub(super) fn dead(&self) -> Self {
        Datagrams { is_dead: true, peer: self.peer, ..Datagrams::new(self.bound, self.is_v6, self.port) }
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
}

impl Kernel<'_> {
    /// Opens a datagram socket.
    ///
    /// # Errors
    /// If the host does not have the address, or the port is taken.
    pub(crate) fn udp_bind(&mut self, address: SocketAddr) -> Result<SocketId, Errno> {
        let bound = self.place_to_bind(address.ip())?;
        let port = self.port_to_bind(Protocol::Udp, bound, address.port())?;
        let datagrams = Datagrams::new(bound, address.is_ipv6(), port);
        let socket =
            self.host.sockets.insert(self.wire.config.sockets_max, Socket::Datagrams(Box::new(datagrams)))?;
        self.host.bindings.add(Protocol::Udp, port, bound, socket);
        Ok(socket)
    }

    /// Sets where datagrams go, and from where alone they are taken. A socket at all addresses is from then on at the one
    /// from which it sends there.
    ///
    /// # Errors
    /// If there is no way to the address.
    pub(crate) fn udp_connect(&mut self, socket: SocketId, address: SocketAddr) -> Result<(), Errno> {
        let Destination { local, remote, .. } = match self.destination(socket, address) {
            // A way there would be, but not from where the socket is.
            Err(Errno::NetworkUnreachable) if self.has_other_family(socket, address) => {
                return Err(Errno::FamilyNotSupported);
            }
            destination => destination?,
        };
        let datagrams = self.host.sockets.datagrams(socket);
        datagrams.peer = Some(remote);
        if !matches!(datagrams.bound, Bound::At(_)) {
            datagrams.bound = Bound::At(local);
            let port = datagrams.port;
            self.host.bindings.remove(Protocol::Udp, port, socket);
            self.host.bindings.add(Protocol::Udp, port, Bound::At(local), socket);
        }
        Ok(())
    }

    /// What was learned of a connected peer, if nobody was told yet.
    pub(crate) fn udp_take_error(&mut self, socket: SocketId) -> Option<Errno> {
        self.host.sockets.datagrams(socket).failure.take()
    }

    /// The address that a datagram socket is bound to.
    pub(crate) fn udp_address(&mut self, socket: SocketId) -> SocketAddr {
        let &mut Datagrams { bound, is_v6, port, .. } = self.host.sockets.datagrams(socket);
        self.bound_address(is_v6, bound, port)
    }

    /// The address that a datagram socket is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub(crate) fn udp_peer_address(&mut self, socket: SocketId) -> Result<SocketAddr, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        let peer = datagrams.peer.ok_or(Errno::NotConnected)?;
        Ok(self.wire.interfaces.address_for(datagrams.is_v6, peer))
    }

    pub(super) fn close_datagrams(&mut self, socket: SocketId) {
        let Some(Socket::Datagrams(mut datagrams)) = self.host.sockets.remove(socket) else { return };
        self.host.bindings.remove(Protocol::Udp, datagrams.port, socket);
        datagrams.readers.take_into(&mut self.wire.garbage);
        datagrams.writers.take_into(&mut self.wire.garbage);
        for group in datagrams.joined {
            self.wire.groups.leave(group, self.host.id);
        }
        for datagram in datagrams.queue {
            self.wire.pool.release_all(datagram.payload);
        }
    }
}
