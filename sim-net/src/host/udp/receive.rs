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
        self.udp_recv_from_or(socket, out, |_| None)
    }

    /// [`Kernel::udp_recv_from`]; if it would block, a future is woken when there is something.
    #[inline]
    pub(crate) fn udp_recv_from_or_wait(
        &mut self,
        socket: SocketId,
        (id, waker): (WaitId, &Waker),
        out: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        self.udp_recv_from_or(socket, out, |datagrams| {
            datagrams.readers.set_ready(false);
            datagrams.readers.enlist(id, waker, For::Both)
        })
    }

    #[inline]
    fn udp_recv_from_or(
        &mut self,
        socket: SocketId,
        out: &mut [u8],
        would_block: impl FnOnce(&mut Datagrams) -> Option<Waker>,
    ) -> Result<(usize, SocketAddr), Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        let Some(datagram) = datagrams.queue.pop_front() else {
            let nothing = datagrams.nothing();
            if nothing == Errno::WouldBlock
                && let Some(former) = would_block(datagrams)
            {
                self.wire.garbage.push(former);
            }
            return Err(nothing);
        };
        datagrams.queued_bytes -= datagram.counted_bytes();
        let source = self.wire.interfaces.address_for(datagrams.is_v6, datagram.source);
        let Some(payload) = datagram.payload else { return Ok((0, source)) };
        let bytes = copy(self.wire.pool.bytes(&payload), out);
        self.wire.pool.release(payload);
        Ok((bytes, source))
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
        let found = self.host.bindings.find(Protocol::Udp, packet.destination);
        let Some(socket) = found.filter(|&socket| {
            let peer = self.host.sockets.datagrams(socket).peer;
            peer.is_none_or(|peer| peer == packet.source)
        }) else {
            self.wire.pool.release_all(payload);
            return self.refuse_datagram(packet.source, packet.destination, packet.from);
        };
        self.take_datagram(socket, packet.source, payload);
    }

    /// Puts a datagram where it is received, if there is room.
    #[inline]
    pub(super) fn take_datagram(&mut self, socket: SocketId, source: Endpoint, payload: Option<Slice>) {
        let receive_buffer_bytes = self.wire.config.udp.receive_buffer_bytes as usize;
        let datagrams = self.host.sockets.datagrams(socket);
        let datagram = Datagram { source, payload };
        if datagrams.queued_bytes + datagram.counted_bytes() > receive_buffer_bytes {
            return self.wire.pool.release_all(datagram.payload);
        }
        datagrams.queued_bytes += datagram.counted_bytes();
        datagrams.queue.push_back(datagram);
        datagrams.readers.wake_into(&mut self.wire.wakes);
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

/// Copies as much as fits.
#[inline]
fn copy(from: &[u8], out: &mut [u8]) -> usize {
    let bytes = from.len().min(out.len());
    pool::copy(&from[..bytes], out);
    bytes
}
