//! The packets that wait for the packet hooks, which are called when nothing is borrowed.

use std::task::Waker;
use std::time::Duration;

use sim_executor::Instant;

use super::Wire;
use super::packet_data::PacketData;
use crate::packet::{Body, Packet};

/// A packet that crosses a hook. What the hook leaves in it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Crossing {
    /// The packet. Of all in it only the payload may be changed, that of a TCP segment only into one of the same length.
    pub packet: PacketData,
    /// Whether it is dropped. Hooks that are called later do not see it.
    pub is_dropped: bool,
    /// By how much it, and its copies, come later.
    pub delay: Duration,
    /// How many copies are sent before it.
    pub copies: u32,
}

impl Wire {
    /// Whether packets are shown to hooks.
    pub(crate) fn set_hooked(&mut self, has_hooks: bool) {
        self.has_hooks = has_hooks;
        self.look_whether_watched();
    }

    /// Whether there are hooks, which may drop any packet.
    pub(crate) fn has_hooks(&self) -> bool {
        self.has_hooks
    }

    /// Puts a packet aside until the network is borrowed no more.
    pub(super) fn put_aside(&mut self, now: Instant, packet: Packet) {
        self.aside.push_back((now, packet));
        // For what is in there the network looks in any case, so that it need not look for packets on the plain path.
        if self.garbage.is_empty() {
            self.garbage.push(Waker::noop().clone());
        }
    }

    /// The next packet that was put aside, with the time at which it was sent.
    pub(crate) fn take_aside(&mut self) -> Option<(Instant, Packet)> {
        self.aside.pop_front()
    }

    /// Whether packets were put aside.
    pub(crate) fn has_aside(&self) -> bool {
        !self.aside.is_empty()
    }

    /// Leaves what was put aside for the next time that the network does something, which is now.
    pub(crate) fn leave_aside(&mut self, now: Instant) {
        self.garbage.push(Waker::noop().clone());
        self.bring_forward(now);
    }

    /// Sends a packet as the hooks have left it. What they may not do was refused before.
    pub(crate) fn send_crossing(&mut self, now: Instant, mut packet: Packet, crossing: &Crossing) {
        if crossing.is_dropped {
            return self.lose(&mut packet);
        }
        self.change_payload(&mut packet, &crossing.packet.payload);
        let delay_ns = u64::try_from(crossing.delay.as_nanos()).unwrap_or(u64::MAX);
        for _ in 0..crossing.copies {
            let copy = packet.copy(&mut self.pool);
            self.put_on_link(now, delay_ns, copy);
        }
        self.put_on_link(now, delay_ns, packet);
    }

    fn change_payload(&mut self, packet: &mut Packet, bytes: &[u8]) {
        let payload = match &mut packet.body {
            Body::Tcp(segment) => &mut segment.payload,
            Body::Udp(payload) => payload,
            Body::Unreachable => return,
        };
        let before = payload.as_ref().map_or(&[][..], |payload| self.pool.bytes(payload));
        if before != bytes {
            let changed = (!bytes.is_empty()).then(|| self.pool.copy_in(bytes));
            let before = std::mem::replace(payload, changed);
            self.pool.release_all(before);
        }
    }
}
