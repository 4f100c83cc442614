//! What travels from one host to another.

use crate::address::Endpoint;
use crate::host::SocketId;
use crate::link::LinkId;
use crate::pool::Slice;
use crate::tcp::Segment;

/// A packet on its way.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) link: LinkId,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    /// The socket that sends it.
    pub(crate) from: SocketId,
    /// The socket it is for, when the sender has learned that; it saves a search.
    pub(crate) to: SocketId,
    pub(crate) body: Body,
}

/// What a packet holds.
#[derive(Debug)]
pub(crate) enum Body {
    Tcp(Segment),
    /// A datagram; an empty one has no slice.
    Udp(Option<Slice>),
    /// No socket takes datagrams there (the ICMP message "port unreachable").
    Unreachable,
}

impl Body {
    /// The memory to give back.
    pub(crate) fn take_payload(&mut self) -> Option<Slice> {
        match self {
            Body::Tcp(segment) => segment.payload.take(),
            Body::Udp(payload) => payload.take(),
            Body::Unreachable => None,
        }
    }
}

impl Packet {
    /// A word that tells it from most others, for the hash of the run.
    #[inline]
    pub(crate) fn fingerprint(&self) -> u64 {
        let ports = (u64::from(self.source.port) << 48) | (u64::from(self.destination.port) << 32);
        let body = match &self.body {
            Body::Tcp(segment) => {
                let sizes = ((segment.len() as u64) << 4) | u64::from(segment.flags.bits());
                sizes ^ segment.seq.rotate_left(20) ^ segment.ack.rotate_left(44)
            }
            Body::Udp(payload) => payload.as_ref().map_or(0, |slice| slice.len() as u64) << 4,
            Body::Unreachable => u64::MAX,
        };
        ports ^ body
    }
}

impl std::fmt::Display for Body {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Tcp(segment) => write!(out, "{segment}"),
            Body::Udp(payload) => {
                let bytes = payload.as_ref().map_or(0, Slice::len);
                write!(out, "datagram of {bytes} byte{}", if bytes == 1 { "" } else { "s" })
            }
            Body::Unreachable => out.write_str("port unreachable"),
        }
    }
}
