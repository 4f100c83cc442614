//! Packets on the wire as data.

use super::Wire;
use crate::fault::{PacketData, Protocol};
use crate::packet::{Body, Packet};

impl Wire {
    /// What a packet is, and what it says.
    pub(crate) fn data_of(&self, packet: &Packet) -> PacketData {
        let link = self.links.get(packet.link);
        let (protocol, payload) = match &packet.body {
            Body::Tcp(segment) => (Protocol::Tcp, segment.payload.as_ref()),
            Body::Udp(payload) => (Protocol::Udp, payload.as_ref()),
            Body::Unreachable => (Protocol::Icmp, None),
        };
        PacketData {
            from: self.name(link.from),
            to: self.name(link.to),
            source: self.interfaces.address(packet.source),
            destination: self.interfaces.address(packet.destination),
            protocol,
            payload: payload.map_or_else(Vec::new, |payload| self.pool.bytes(payload).to_vec()),
            says: packet.body.to_string(),
        }
    }
}
