//! Room in the send buffer of a datagram socket.

use sim_executor::Instant;

use crate::address::SocketId;
use crate::host::{Kernel, memory};
use crate::packet::{Body, Packet};
use crate::wire::Event;

/// What a datagram counts in the send buffer until the link has taken it.
fn counted_bytes(packet: &Packet, mtu_bytes: u32) -> u64 {
    let payload = match &packet.body {
        Body::Udp(Some(payload)) => payload.len(),
        _ => 0,
    };
    memory::of_fragments(payload, packet.fragments(mtu_bytes) as usize, mtu_bytes as usize) as u64
}

impl Kernel<'_> {
    /// Sends over a link at which packets wait for their turn.
    pub(super) fn send_in_turn(&mut self, socket: SocketId, now: Instant, packet: Packet) {
        let link = packet.link;
        let bytes = counted_bytes(&packet, self.wire.links.get(link).mtu_bytes());
        let before = self.wire.links.get(link).idle_at();
        self.wire.send(now, packet);
        let after = self.wire.links.get(link).idle_at();
        // What the queue did not take, or what a hook has taken, is gone for the socket.
        if let Some(leaves) = after
            && after > before
        {
            self.host.sockets.datagrams(socket).unsent.get_or_insert_default().push(leaves, bytes);
        }
    }

    /// Whether another datagram may be sent, as Linux has it: while the send buffer is not full.
    pub(in crate::host) fn udp_has_room(&mut self, socket: SocketId) -> bool {
        let send_buffer_bytes = u64::from(self.wire.config.udp.send_buffer_bytes);
        self.unsent_bytes(socket) < send_buffer_bytes
    }

    /// Whether a socket that waits for room is told of it, as Linux has it: when the send buffer is at most half full.
    fn udp_writable(&mut self, socket: SocketId) -> bool {
        let send_buffer_bytes = u64::from(self.wire.config.udp.send_buffer_bytes);
        self.host.sockets.datagrams(socket).unsent.is_none()
            || self.unsent_bytes(socket) * 2 <= send_buffer_bytes
    }

    fn unsent_bytes(&mut self, socket: SocketId) -> u64 {
        let now = self.now();
        match &mut self.host.sockets.datagrams(socket).unsent {
            None => 0,
            Some(unsent) => {
                unsent.settle(now);
                unsent.bytes
            }
        }
    }

    /// Somebody waits for room: an event will tell.
    pub(in crate::host) fn udp_await_room(&mut self, socket: SocketId) {
        let half = u64::from(self.wire.config.udp.send_buffer_bytes) / 2;
        let now = self.now();
        let Some(unsent) = &mut self.host.sockets.datagrams(socket).unsent else { return };
        unsent.settle(now);
        if let Some(due) = unsent.falls_to(half)
            && !std::mem::replace(&mut unsent.is_awaited, true)
        {
            self.wire.schedule(due, Event::Room { host: self.host.id, socket });
            self.wire.searches += 1;
        }
    }

    /// There may be room.
    pub(crate) fn handle_room(&mut self, socket: SocketId) {
        let Some(datagrams) = self.host.sockets.find_datagrams(socket) else { return };
        if let Some(unsent) = &mut datagrams.unsent {
            unsent.is_awaited = false;
        }
        if self.udp_writable(socket) {
            let datagrams = self.host.sockets.datagrams(socket);
            datagrams.writers.wake_into(&mut self.wire.wakes);
        } else {
            self.udp_await_room(socket);
        }
    }
}
