//! Where a datagram socket is, from when it is bound until it is closed.

use std::net::SocketAddr;

use super::Datagrams;
use super::ways::Destination;
use crate::address::{Bound, SocketId};
use crate::errno::Errno;
use crate::host::Kernel;
use crate::host::bindings::Protocol;
use crate::host::sockets::Socket;

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

    pub(in crate::host) fn close_datagrams(&mut self, socket: SocketId) {
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
