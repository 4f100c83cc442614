//! What travels from one host to another.

use crate::address::{Endpoint, SocketId};
use crate::link::{Carried, Flow, LinkId};
use crate::pool::{Pool, Slice};
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

/// Bytes of the headers that nearly every packet has: IPv4 without options, IPv6, TCP without options, UDP.
const IP_BYTES: u64 = 20;
const IP_BYTES_V6: u64 = 40;
const TCP_BYTES: u64 = 20;
const UDP_BYTES: u64 = 8;
/// Of the ICMP message, with the beginning of the packet that it is about.
const UNREACHABLE_BYTES: u64 = IP_BYTES + 8 + IP_BYTES + 8;
/// Fragments begin at multiples of this.
const FRAGMENT_UNIT: u64 = 8;

/// What IPv6 needs to tell fragments, which IPv4 has room for anyway.
const fn fragment_header_bytes(is_v6: bool) -> u64 {
    if is_v6 { 8 } else { 0 }
}

impl Body {
    /// The bytes that it takes on a link with this MTU, its headers included. A segment that does not fit counts as several
    /// of them, a datagram as its fragments.
    fn bytes_on_link(&self, is_v6: bool, mtu_bytes: u32) -> u64 {
        let mtu = u64::from(mtu_bytes);
        let ip_bytes = if is_v6 { IP_BYTES_V6 } else { IP_BYTES };
        match self {
            Body::Tcp(segment) => {
                let headers = ip_bytes + TCP_BYTES;
                let bytes = segment.len() as u64;
                bytes + headers * bytes.div_ceil(mtu - headers).max(1)
            }
            Body::Udp(payload) => {
                let bytes = UDP_BYTES + payload.as_ref().map_or(0, |payload| payload.len() as u64);
                match self.fragments(is_v6, mtu_bytes) {
                    1 => bytes + ip_bytes,
                    fragments => bytes + (ip_bytes + fragment_header_bytes(is_v6)) * fragments,
                }
            }
            Body::Unreachable => UNREACHABLE_BYTES + 2 * (ip_bytes - IP_BYTES),
        }
    }

    /// In how many packets it is sent, as far as that is the network's doing: a datagram that does not fit is cut.
    fn fragments(&self, is_v6: bool, mtu_bytes: u32) -> u64 {
        let Body::Udp(payload) = self else { return 1 };
        let bytes = UDP_BYTES + payload.as_ref().map_or(0, |payload| payload.len() as u64);
        let room = u64::from(mtu_bytes) - if is_v6 { IP_BYTES_V6 } else { IP_BYTES };
        if bytes <= room {
            return 1;
        }
        bytes.div_ceil((room - fragment_header_bytes(is_v6)) / FRAGMENT_UNIT * FRAGMENT_UNIT)
    }

    /// The same, with the payload shared.
    fn copy(&self, pool: &mut Pool) -> Body {
        let mut share = |slice: &Option<Slice>| slice.as_ref().map(|slice| pool.share(slice, 0, slice.len()));
        match self {
            Body::Tcp(segment) => Body::Tcp(Segment { payload: share(&segment.payload), ..*segment }),
            Body::Udp(payload) => Body::Udp(share(payload)),
            Body::Unreachable => Body::Unreachable,
        }
    }

    /// The memory to give back, of a packet that is not sent.
    pub(crate) fn into_payload(mut self) -> Option<Slice> {
        self.take_payload()
    }

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
    /// The bytes that it takes on a link with this MTU, its headers included.
    pub(crate) fn bytes_on_link(&self, mtu_bytes: u32) -> u64 {
        self.body.bytes_on_link(self.source.interface.is_v6(), mtu_bytes)
    }

    /// In how many fragments it crosses a link with this MTU.
    pub(crate) fn fragments(&self, mtu_bytes: u32) -> u64 {
        self.body.fragments(self.source.interface.is_v6(), mtu_bytes)
    }

    /// The same again, with the payload shared.
    pub(crate) fn copy(&self, pool: &mut Pool) -> Packet {
        Packet { body: self.body.copy(pool), ..*self }
    }

    /// The flow that it belongs to.
    pub(crate) fn flow(&self) -> Flow {
        let carried = match self.body {
            Body::Tcp(_) => Carried::Tcp,
            Body::Udp(_) => Carried::Udp,
            Body::Unreachable => Carried::Icmp,
        };
        Flow { carried, source: self.source, destination: self.destination }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Flags;

    #[test]
    fn headers_count_on_a_link() {
        let mut pool = Pool::default();
        let mut segment = |bytes: usize| {
            let payload = (bytes > 0).then(|| pool.copy_in(&vec![0; bytes]));
            Body::Tcp(Segment { flags: Flags::ACK, seq: 0, ack: 0, window: 0, payload })
        };
        assert_eq!(segment(0).bytes_on_link(false, 1_500), 40);
        assert_eq!(segment(1_460).bytes_on_link(false, 1_500), 1_500);
        assert_eq!(segment(1_461).bytes_on_link(false, 1_500), 1_461 + 80);
        assert_eq!(segment(1_440).bytes_on_link(true, 1_500), 1_500);
        let datagram = |pool: &mut Pool, bytes| Body::Udp(Some(pool.copy_in(&vec![0; bytes])));
        assert_eq!(Body::Udp(None).bytes_on_link(false, 1_500), 28);
        assert_eq!(datagram(&mut pool, 1_472).bytes_on_link(false, 1_500), 1_500);
        assert_eq!(datagram(&mut pool, 1_473).bytes_on_link(false, 1_500), 1_473 + 8 + 40);
        assert_eq!(datagram(&mut pool, 10).bytes_on_link(false, 68), 38);
        assert_eq!(Body::Unreachable.bytes_on_link(false, 68), 56);
        assert_eq!(datagram(&mut pool, 1_452).bytes_on_link(true, 1_500), 1_500);
        assert_eq!(datagram(&mut pool, 1_453).bytes_on_link(true, 1_500), 1_453 + 8 + 2 * 48);
    }

    #[test]
    fn a_datagram_that_does_not_fit_is_cut() {
        let mut pool = Pool::default();
        let mut fragments =
            |bytes: usize, is_v6| Body::Udp(Some(pool.copy_in(&vec![0; bytes]))).fragments(is_v6, 1_500);
        assert_eq!((fragments(1_472, false), fragments(1_473, false)), (1, 2));
        assert_eq!((fragments(1_452, true), fragments(1_453, true)), (1, 2));
        assert_eq!((fragments(2 * 1_480 - 8, false), fragments(2 * 1_480 - 7, false)), (2, 3));
        assert_eq!((fragments(2 * 1_448 - 8, true), fragments(2 * 1_448 - 7, true)), (2, 3));
        assert_eq!(fragments(65_507, false), 45);
        assert_eq!(Body::Unreachable.fragments(false, 68), 1);
    }
}
