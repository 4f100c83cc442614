//! How datagrams are received.

use std::net::SocketAddr;
use std::task::Waker;

use super::Datagrams;
use super::datagram::Datagram;
use crate::address::{Endpoint, SocketId};
use crate::errno::Errno;
use crate::host::Kernel;
use crate::host::bindings::Protocol;
use crate::packet::{Body, Packet};
use crate::pool::{self, Slice};
use crate::waiters::{For, WaitId};
use crate::wire::Wire;

impl Kernel<'_> {
    /// Takes a datagram, of which the part is lost that does not fit into `out`.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; once, what was learned of a connected peer.
    pub(crate) fn udp_recv_from(
        &mut self,
        socket: SocketId,
        out: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        let Kernel { host, wire, .. } = self;
        host.sockets.datagrams(socket).receive(wire, out)
    }

    /// [`Kernel::udp_recv_from`]; if it would block, a future is woken when there is something, and else it waits no more.
    #[inline]
    pub(crate) fn udp_recv_from_or_wait(
        &mut self,
        socket: SocketId,
        (id, waker): (WaitId, &Waker),
        out: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        let Kernel { host, wire, .. } = self;
        let datagrams = host.sockets.datagrams(socket);
        if datagrams.would_block() {
            datagrams.readers.set_ready(false);
            if let Some(former) = datagrams.readers.enlist(id, waker, For::Both) {
                wire.garbage.push(former);
            }
            return Err(Errno::WouldBlock);
        }
        if let Some(former) = datagrams.readers.delist(id) {
            wire.garbage.push(former);
        }
        datagrams.receive(wire, out)
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

    /// Where the next datagram comes from, which is left.
    ///
    /// # Errors
    /// As [`Kernel::udp_recv_from`].
    pub(crate) fn udp_peek_sender(&mut self, socket: SocketId) -> Result<SocketAddr, Errno> {
        Ok(self.udp_peek_from(socket, &mut [])?.1)
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
        if packet.destination.interface.is_group() {
            return self.handle_group_datagram(packet);
        }
        let Body::Udp(payload) = &mut packet.body else { return };
        let payload = payload.take();
        let Kernel { host, wire, .. } = self;
        if let Some(socket) = host.bindings.find(Protocol::Udp, packet.destination) {
            let datagrams = host.sockets.datagrams(socket);
            if datagrams.peer.is_none_or(|peer| peer == packet.source) {
                return datagrams.take(wire, packet.source, payload);
            }
        }
        wire.pool.release_all(payload);
        self.refuse_datagram(packet.source, packet.destination, packet.from);
    }

    #[cold]
    #[inline(never)]
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

    /// As in Linux, only a connected socket learns that nobody takes its datagrams. That is nothing to read: a task that waits
    /// for data alone, as `readable()` does, is not woken.
    fn handle_unreachable(&mut self, packet: &Packet) {
        if let Some(datagrams) = self.host.sockets.find_datagrams(packet.to)
            && datagrams.peer == Some(packet.source)
        {
            datagrams.failure = Some(Errno::ConnectionRefused);
            datagrams.readers.wake_for_error_into(&mut self.wire.wakes);
            datagrams.writers.wake_into(&mut self.wire.wakes);
        }
    }
}

impl Datagrams {
    /// Puts a datagram where it is received, if there is room.
    #[inline(always)]
    pub(super) fn take(&mut self, wire: &mut Wire, source: Endpoint, payload: Option<Slice>) {
        let datagram = Datagram { source, payload };
        let queued_bytes = self.queued_bytes + datagram.counted_bytes();
        if queued_bytes > wire.config.udp.receive_buffer_bytes as usize {
            return wire.pool.release_all(datagram.payload);
        }
        self.queued_bytes = queued_bytes;
        self.queue.push_back(datagram);
        self.readers.wake_into(&mut wire.wakes);
    }

    /// Whether there is nothing to tell.
    #[inline]
    fn would_block(&self) -> bool {
        self.queue.is_empty() && self.failure.is_none() && !self.is_dead
    }

    #[inline]
    fn receive(&mut self, wire: &mut Wire, out: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let Some(datagram) = self.queue.pop_front() else { return Err(self.nothing()) };
        self.queued_bytes -= datagram.counted_bytes();
        let source = wire.interfaces.address_for(self.is_v6, datagram.source);
        let Some(payload) = datagram.payload else { return Ok((0, source)) };
        Ok((wire.pool.copy_out(payload, out), source))
    }
}

/// Copies as much as fits.
#[inline]
fn copy(from: &[u8], out: &mut [u8]) -> usize {
    let bytes = from.len().min(out.len());
    pool::copy(&from[..bytes], out);
    bytes
}
