//! How datagrams are sent.

use std::net::SocketAddr;

use sim_executor::Instant;

use super::ways::Destination;
use crate::address::{Endpoint, HostId, Place, SocketId, place};
use crate::errno::Errno;
use crate::host::{Kernel, Route};
use crate::packet::{Body, Packet};
use crate::pool::SLICE_BYTES_MAX;

/// The most bytes that a datagram holds, over IPv4.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 65_507;
/// The same over IPv6.
const DATAGRAM_BYTES_MAX_V6: usize = 65_527;
const _: () = assert!(DATAGRAM_BYTES_MAX < DATAGRAM_BYTES_MAX_V6 && DATAGRAM_BYTES_MAX_V6 <= SLICE_BYTES_MAX);
/// The most bytes that the length of a datagram can say; more is refused before anything else is looked at.
const LENGTH_MAX: usize = 65_535;

impl Kernel<'_> {
    /// Whether a socket is bound to one address of IPv6, and the other is one of IPv4 that is not mapped.
    pub(super) fn has_other_family(&mut self, socket: SocketId, address: SocketAddr) -> bool {
        let source = self.host.sockets.datagrams(socket).bound.source();
        source.is_some_and(|source| source.is_v6() && address.is_ipv4())
    }

    /// The way to an address, which is remembered.
    pub(super) fn destination(
        &mut self,
        socket: SocketId,
        address: SocketAddr,
    ) -> Result<Destination, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some(destination) = datagrams.ways.find(&address) {
            return Ok(destination);
        }
        if datagrams.is_dead {
            return Err(Errno::BadDescriptor);
        }
        self.look_for_way(socket, address)
    }

    fn look_for_way(&mut self, socket: SocketId, address: SocketAddr) -> Result<Destination, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        let (bound, is_v6) = (datagrams.bound, datagrams.is_v6);
        if address.is_ipv6() && !is_v6 {
            return Err(Errno::FamilyNotSupported);
        }
        let ip = address.ip().to_canonical();
        if matches!(place(ip), Place::Broadcast { .. } | Place::Multicast) {
            return self.group_destination(socket, address);
        }
        let Route { local, remote, remote_host } = match self.route(ip) {
            // The host has the way, but nobody is there to take it.
            Err(Errno::HostUnreachable) => {
                let remote = self.wire.interfaces.at(ip);
                Route { local: self.source(ip), remote, remote_host: HostId::NOBODY }
            }
            route => route?,
        };
        let local = bound.source().unwrap_or(local);
        match (local.is_v6(), remote.is_v6()) {
            (true, false) => return Err(Errno::NetworkUnreachable),
            (false, true) => return Err(Errno::FamilyNotSupported),
            _ => {}
        }
        let leaves_loopback = local.is_loopback() && remote_host != self.host.id;
        if self.wire.interfaces.host(local) != self.host.id || (leaves_loopback && !local.is_v6()) {
            return Err(Errno::InvalidInput);
        }
        // As in Linux, what has the loopback's source is sent, and taken by nobody.
        let link = self.wire.link(self.host.id, if leaves_loopback { HostId::NOBODY } else { remote_host });
        let remote = Endpoint { interface: remote, port: address.port() };
        let destination = Destination { local, remote, link };
        if remote_host != HostId::NOBODY {
            let datagrams = self.host.sockets.datagrams(socket);
            datagrams.ways.remember(address, destination);
            if let Some(peer) = &mut datagrams.peer
                && self.wire.interfaces.host(peer.interface) == HostId::NOBODY
                && self.wire.interfaces.ip(peer.interface) == ip
            {
                // The peer that nobody was has come to be.
                peer.interface = remote.interface;
            }
        }
        Ok(destination)
    }

    /// Sends a datagram, if the socket counts as ready for that. It may be lost, and nobody will know.
    ///
    /// # Errors
    /// `WouldBlock`; if it is too long, if there is no way to the address, or once what was learned of a connected peer.
    pub(crate) fn udp_send_to(
        &mut self,
        socket: SocketId,
        data: &[u8],
        address: SocketAddr,
    ) -> Result<usize, Errno> {
        if !self.host.sockets.datagrams(socket).writers.is_ready() {
            return Err(Errno::WouldBlock);
        }
        // In the order of Linux, where a datagram that is too long leaves the failure to the next call.
        let is_v6 = address.ip().to_canonical().is_ipv6();
        if !is_v6 && data.len() > LENGTH_MAX {
            return Err(Errno::MessageTooLong);
        }
        if address.port() == 0 {
            return Err(Errno::InvalidInput);
        }
        let destination = self.destination(socket, address)?;
        if data.len() > if is_v6 { DATAGRAM_BYTES_MAX_V6 } else { DATAGRAM_BYTES_MAX } {
            return Err(Errno::MessageTooLong);
        }
        self.send_there(socket, data, destination)
    }

    /// [`Kernel::udp_send_to`] for nearly every datagram: it is not too long, and the way to its address is known. Any other is not sent.
    ///
    /// # Errors
    /// `WouldBlock` also for such another one; once, what was learned of a connected peer.
    pub(crate) fn udp_send_on_known_way(
        &mut self,
        socket: SocketId,
        data: &[u8],
        address: &SocketAddr,
    ) -> Result<usize, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        match datagrams.ways.find(address) {
            Some(known) if datagrams.writers.is_ready() && data.len() <= DATAGRAM_BYTES_MAX => {
                self.send_there(socket, data, known)
            }
            _ => Err(Errno::WouldBlock),
        }
    }

    /// Sends a datagram that is not too long.
    #[inline(always)]
    fn send_there(
        &mut self,
        socket: SocketId,
        data: &[u8],
        destination: Destination,
    ) -> Result<usize, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        let source = Endpoint { interface: destination.local, port: datagrams.port };
        let (is_busy, may_fragment) = (datagrams.unsent.is_some(), datagrams.options.may_fragment);
        if is_busy && !self.udp_has_room(socket) {
            return Err(Errno::WouldBlock);
        }
        let now = self.now();
        let payload = if data.is_empty() { None } else { Some(self.wire.pool.copy_in(data)) };
        let packet = Packet {
            link: destination.link,
            source,
            destination: destination.remote,
            from: socket,
            to: SocketId::UNKNOWN,
            body: Body::Udp(payload),
        };
        let is_plain = may_fragment && !destination.remote.interface.is_group();
        if is_plain && self.wire.links.get(packet.link).idle_at().is_none() {
            self.wire.send(now, packet);
        } else {
            self.send_off_the_plain_path(socket, now, packet, may_fragment)?;
        }
        Ok(data.len())
    }

    /// Sends a datagram to a group, or over a link at which packets wait for their turn, or one that must not be cut.
    #[inline(never)]
    fn send_off_the_plain_path(
        &mut self,
        socket: SocketId,
        now: Instant,
        packet: Packet,
        may_fragment: bool,
    ) -> Result<(), Errno> {
        if packet.destination.interface.is_group() {
            self.send_to_group(socket, packet);
            return Ok(());
        }
        let link = self.wire.links.get(packet.link);
        if !may_fragment && packet.fragments(link.mtu_bytes()) > 1 {
            self.wire.pool.release_all(packet.body.into_payload());
            return Err(Errno::MessageTooLong);
        }
        match link.idle_at() {
            None => self.wire.send(now, packet),
            Some(_) => self.send_in_turn(socket, now, packet),
        }
        Ok(())
    }

    /// Sends a datagram to the peer of a connected socket.
    ///
    /// # Errors
    /// If the socket is not connected; else as [`Kernel::udp_send_to`].
    pub(crate) fn udp_send(&mut self, socket: SocketId, data: &[u8]) -> Result<usize, Errno> {
        if data.len() > LENGTH_MAX {
            return Err(Errno::MessageTooLong);
        }
        let peer = self.host.sockets.datagrams(socket).peer.ok_or(Errno::DestinationRequired)?;
        let address = self.wire.interfaces.address(peer);
        self.udp_send_to(socket, data, address)
    }
}
