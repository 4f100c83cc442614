//! A packet as data, for those who look at it.

use std::fmt;
use std::net::SocketAddr;

use super::Wire;
use crate::packet::{Body, Packet};

/// What a packet is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacketData {
    /// The name of the node that sends it.
    pub from: String,
    /// The name of the node that it is for.
    pub to: String,
    /// The address that it comes from.
    pub source: SocketAddr,
    /// The address that it goes to.
    pub destination: SocketAddr,
    /// What its payload is part of.
    pub protocol: Protocol,
    /// What it carries: part of a stream, or a datagram.
    pub payload: Vec<u8>,
    /// What it says, in the words of the trace: `SYN`, `64 bytes at 1 ack 65`, `datagram of 3 bytes`.
    pub says: String,
}

/// What a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// A segment of TCP.
    Tcp,
    /// A datagram of UDP.
    Udp,
    /// A message about another packet.
    Icmp,
}

impl fmt::Display for PacketData {
    /// `client 10.0.0.1:49152 -> server 10.0.0.2:7 SYN`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PacketData { from, to, source, destination, says, .. } = self;
        write!(out, "{from} {source} -> {to} {destination} {says}")
    }
}

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
