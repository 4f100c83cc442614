//! Datagram sockets.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::ports::Protocol;
use super::sockets::{Socket, SocketId};
use super::waiters::Waiters;
use super::{Kernel, Route};
use crate::address::{Bound, Endpoint, HostId, InterfaceId};
use crate::errno::Errno;
use crate::link::LinkId;
use crate::packet::{Body, Packet};
use crate::pool::{SLICE_BYTES_MAX, Slice};

/// The most bytes that a datagram holds, over IPv4.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 65_507;
/// The same over IPv6.
const DATAGRAM_BYTES_MAX_V6: usize = 65_527;
const _: () = assert!(DATAGRAM_BYTES_MAX < DATAGRAM_BYTES_MAX_V6 && DATAGRAM_BYTES_MAX_V6 <= SLICE_BYTES_MAX);
/// The most bytes that the length of a datagram can say; more is refused before anything else is looked at.
const LENGTH_MAX: usize = 65_535;

/// What a datagram counts in a receive buffer besides its bytes.
const OVERHEAD_BYTES: usize = 256;

/// A datagram socket.
pub(crate) struct Datagrams {
    pub(super) bound: Bound,
    /// Whether it shows addresses of IPv4 mapped into IPv6.
    pub(super) is_v6: bool,
    /// What is left of a socket whose process is dead.
    pub(super) is_dead: bool,
    pub(super) port: u16,
    pub(super) peer: Option<Endpoint>,
    pub(super) queue: VecDeque<Datagram>,
    /// What the queue counts in the receive buffer.
    pub(super) queued_bytes: usize,
    /// What a connected socket has learned of its peer, until a call tells it.
    pub(super) failure: Option<Errno>,
    /// Where the last datagram went, since the next goes there too, as a rule.
    pub(super) last: Option<(SocketAddr, Destination)>,
    pub(super) readers: Waiters,
}

impl Datagrams {
    /// What is to be said when nothing is in the queue.
    fn nothing(&self) -> Errno {
        if self.is_dead { Errno::BadDescriptor } else { Errno::WouldBlock }
    }
}

pub(super) struct Datagram {
    source: Endpoint,
    payload: Option<Slice>,
}

impl Datagram {
    fn counted_bytes(&self) -> usize {
        OVERHEAD_BYTES + self.payload.as_ref().map_or(0, Slice::len)
    }
}

/// Where datagrams to an address go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    local: InterfaceId,
    remote: Endpoint,
    link: LinkId,
}

impl Datagrams {
    /// Looks again for the way when the next datagram is sent.
    pub(super) fn forget_way(&mut self) {
        self.last = None;
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
        let datagrams = Datagrams {
            bound,
            is_v6: address.is_ipv6(),
            is_dead: false,
            port,
            peer: None,
            queue: VecDeque::new(),
            queued_bytes: 0,
            failure: None,
            last: None,
            readers: Waiters::default(),
        };
        let socket = self.host.sockets.insert(self.wire.config.sockets_max, Socket::Datagrams(datagrams))?;
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

    /// Whether a socket is bound to one address that is not of the family of the other.
    fn has_other_family(&mut self, socket: SocketId, address: SocketAddr) -> bool {
        let source = self.host.sockets.datagrams(socket).bound.source();
        source.is_some_and(|source| source.is_v6() != address.ip().to_canonical().is_ipv6())
    }

    /// The way to an address, which is remembered.
    fn destination(&mut self, socket: SocketId, address: SocketAddr) -> Result<Destination, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some((last, destination)) = datagrams.last
            && last == address
        {
            return Ok(destination);
        }
        if datagrams.is_dead {
            return Err(Errno::BadDescriptor);
        }
        let (bound, is_v6) = (datagrams.bound, datagrams.is_v6);
        if address.is_ipv6() && !is_v6 {
            return Err(Errno::FamilyNotSupported);
        }
        let ip = address.ip().to_canonical();
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
            datagrams.last = Some((address, destination));
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

    /// Sends a datagram. It may be lost, and nobody will know.
    ///
    /// # Errors
    /// If it is too long, if there is no way to the address, or once what was learned of a connected peer.
    pub(crate) fn udp_send_to(
        &mut self,
        socket: SocketId,
        data: &[u8],
        address: SocketAddr,
    ) -> Result<usize, Errno> {
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
        if let Some(failure) = self.host.sockets.datagrams(socket).failure.take() {
            return Err(failure);
        }
        let port = self.host.sockets.datagrams(socket).port;
        let payload = (!data.is_empty()).then(|| self.wire.pool.copy_in(data));
        let packet = Packet {
            link: destination.link,
            source: Endpoint { interface: destination.local, port },
            destination: destination.remote,
            from: socket,
            to: SocketId::UNKNOWN,
            body: Body::Udp(payload),
        };
        let now = self.now();
        self.wire.send(now, packet);
        Ok(data.len())
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

    /// Takes a datagram, of which the part is lost that does not fit into `out`.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; once, what was learned of a connected peer.
    pub(crate) fn udp_recv_from(
        &mut self,
        socket: SocketId,
        out: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        let is_v6 = datagrams.is_v6;
        let datagram = datagrams.queue.pop_front().ok_or_else(|| datagrams.nothing())?;
        datagrams.queued_bytes -= datagram.counted_bytes();
        let bytes = self.copy_datagram(&datagram, out);
        if let Some(payload) = datagram.payload {
            self.wire.pool.release(payload);
        }
        Ok((bytes, self.wire.interfaces.address_for(is_v6, datagram.source)))
    }

    /// As [`Kernel::udp_recv_from`], but leaves the datagram.
    ///
    /// # Errors
    /// As [`Kernel::udp_recv_from`].
    pub(crate) fn udp_peek_from(
        &mut self,
        socket: SocketId,
        out: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        let datagram = datagrams.queue.front().ok_or_else(|| datagrams.nothing())?;
        let bytes = datagram.payload.as_ref().map_or(0, |payload| copy(self.wire.pool.bytes(payload), out));
        Ok((bytes, self.wire.interfaces.address_for(datagrams.is_v6, datagram.source)))
    }

    fn copy_datagram(&self, datagram: &Datagram, out: &mut [u8]) -> usize {
        datagram.payload.as_ref().map_or(0, |payload| copy(self.wire.pool.bytes(payload), out))
    }

    /// Whether there is a datagram or an error to be told of.
    pub(crate) fn udp_readable(&mut self, socket: SocketId) -> bool {
        let datagrams = self.host.sockets.datagrams(socket);
        !datagrams.queue.is_empty() || datagrams.failure.is_some() || datagrams.is_dead
    }

    /// Whether there is an error to be told of.
    pub(crate) fn udp_has_error(&mut self, socket: SocketId) -> bool {
        self.host.sockets.datagrams(socket).failure.is_some()
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

    /// A packet has arrived, of which the payload is taken.
    #[inline]
    pub(crate) fn handle_packet(&mut self, packet: &mut Packet) {
        match &packet.body {
            Body::Tcp(_) => self.handle_segment(packet),
            Body::Udp(_) => self.handle_datagram(packet),
            Body::Unreachable => self.handle_unreachable(packet),
        }
    }

    fn handle_datagram(&mut self, packet: &mut Packet) {
        let Body::Udp(payload) = &mut packet.body else { return };
        let datagram = Datagram { source: packet.source, payload: payload.take() };
        let receive_buffer_bytes = self.wire.config.udp.receive_buffer_bytes as usize;
        let found = self.host.bindings.find(Protocol::Udp, packet.destination);
        let Some(datagrams) = found
            .map(|socket| self.host.sockets.datagrams(socket))
            .filter(|datagrams| datagrams.peer.is_none_or(|peer| peer == datagram.source))
        else {
            self.wire.pool.release_all(datagram.payload);
            return self.refuse_datagram(packet.source, packet.destination, packet.from);
        };
        if datagrams.queued_bytes + datagram.counted_bytes() > receive_buffer_bytes {
            return self.wire.pool.release_all(datagram.payload);
        }
        datagrams.queued_bytes += datagram.counted_bytes();
        datagrams.queue.push_back(datagram);
        datagrams.readers.take_into(&mut self.wire.wakes);
    }

    fn refuse_datagram(&mut self, source: Endpoint, destination: Endpoint, from: SocketId) {
        let remote_host = self.wire.interfaces.host(source.interface);
        let link = self.wire.link(self.host.id, remote_host);
        let packet = Packet {
            link,
            source: destination,
            destination: source,
            from: SocketId::UNKNOWN,
            to: from,
            body: Body::Unreachable,
        };
        let now = self.now();
        self.wire.send(now, packet);
    }

    /// As in Linux, only a connected socket learns that nobody takes its datagrams.
    fn handle_unreachable(&mut self, packet: &Packet) {
        if let Some(datagrams) = self.host.sockets.find_datagrams(packet.to)
            && datagrams.peer == Some(packet.source)
        {
            datagrams.failure = Some(Errno::ConnectionRefused);
            datagrams.readers.take_into(&mut self.wire.wakes);
        }
    }

    pub(super) fn close_datagrams(&mut self, socket: SocketId) {
        let Some(Socket::Datagrams(mut datagrams)) = self.host.sockets.remove(socket) else { return };
        self.host.bindings.remove(Protocol::Udp, datagrams.port, socket);
        datagrams.readers.take_into(&mut self.wire.garbage);
        for datagram in datagrams.queue {
            self.wire.pool.release_all(datagram.payload);
        }
    }
}

/// Copies as much as fits.
fn copy(from: &[u8], out: &mut [u8]) -> usize {
    let bytes = from.len().min(out.len());
    out[..bytes].copy_from_slice(&from[..bytes]);
    bytes
}
