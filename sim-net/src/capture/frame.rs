//! A packet as bytes: IP, then TCP, UDP or ICMP, with valid checksums.

use std::net::IpAddr;

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::icmpv6::DestUnreachableCode;
use etherparse::{
    Icmpv4Type, Icmpv6Type, IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder,
    PacketBuilderStep, TcpHeader, TcpOptionElement,
};

use crate::tcp::{Flags, Segment};
use crate::wire::Addresses;

/// The most bytes of a segment that fit into one packet, as an IPv4 packet has at most 65,535 bytes. A larger one, as
/// there are with segmentation offload, is shown as several.
pub(super) const PIECE_BYTES_MAX: usize = 65_495;
/// The largest shift of a window (RFC 7323).
const SCALE_MAX: u8 = 14;
const HOP_LIMIT: u8 = 64;
/// As much of a refused IPv6 packet as fits into its refusal (RFC 4443).
const IPV6_REFUSED_BYTES_MAX: usize = 1_280 - 40 - 8;

impl Addresses {
    pub(super) fn reversed(self) -> Addresses {
        Addresses { source: self.destination, destination: self.source }
    }

    /// Whether the packet stays on its host.
    pub(super) fn is_loopback(self) -> bool {
        self.source.ip() == self.destination.ip() || self.destination.ip().is_loopback()
    }

    fn ip(self, protocol: IpNumber) -> PacketBuilderStep<IpHeaders> {
        PacketBuilder::ip(match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let (source, destination) = (source.octets(), destination.octets());
                let header = Ipv4Header {
                    time_to_live: HOP_LIMIT,
                    source,
                    destination,
                    protocol,
                    ..Ipv4Header::default()
                };
                IpHeaders::Ipv4(header, Default::default())
            }
            (source, destination) => {
                let octets = |ip| match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                    IpAddr::V6(ip) => ip.octets(),
                };
                let header = Ipv6Header {
                    traffic_class: 0,
                    flow_label: Ipv6FlowLabel::ZERO,
                    payload_length: 0,
                    next_header: protocol,
                    hop_limit: HOP_LIMIT,
                    source: octets(source),
                    destination: octets(destination),
                };
                IpHeaders::Ipv6(header, Default::default())
            }
        })
    }
}

/// The least shift with which a window can be told.
pub(super) fn scale_for(window: u32) -> u8 {
    (0..SCALE_MAX).find(|scale| window >> scale <= u16::MAX.into()).unwrap_or(SCALE_MAX)
}

/// Which part of a segment a packet shows, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Bytes of the segment before it.
    pub(super) skipped: u64,
    pub(super) is_last: bool,
    pub(super) scale: u8,
    pub(super) mss_bytes: u32,
}

/// The packet of a segment, or of a part of it.
pub(super) fn tcp(addresses: Addresses, segment: &Segment, payload: &[u8], part: Part) -> Vec<u8> {
    let flags = segment.flags;
    let seq = (segment.seq + part.skipped) as u32;
    let window = if flags.has(Flags::SYN) {
        segment.window.min(u16::MAX.into())
    } else {
        // Rounded up, so that a window which is open does not look closed.
        segment.window.div_ceil(1 << part.scale).min(u16::MAX.into())
    };
    let mut header =
        TcpHeader::new(addresses.source.port(), addresses.destination.port(), seq, window as u16);
    header.syn = flags.has(Flags::SYN);
    header.ack = flags.has(Flags::ACK);
    header.fin = flags.has(Flags::FIN) && part.is_last;
    header.rst = flags.has(Flags::RST);
    header.psh = !payload.is_empty() && part.is_last;
    if header.ack {
        header.acknowledgment_number = segment.ack as u32;
    }
    if header.syn {
        let mss = part.mss_bytes.min(PIECE_BYTES_MAX as u32) as u16;
        let options = [
            TcpOptionElement::MaximumSegmentSize(mss),
            TcpOptionElement::Noop,
            TcpOptionElement::WindowScale(part.scale),
        ];
        header.set_options(&options).expect("8 bytes of options fit");
    }
    let packet = addresses.ip(IpNumber::TCP).tcp_header(header);
    let mut bytes = Vec::with_capacity(packet.size(payload.len()));
    packet.write(&mut bytes, payload).expect("a part of a segment fits into a packet");
    bytes
}

/// The packet of a datagram. It may be longer than the link's MTU, as before it is cut into fragments.
pub(super) fn udp(addresses: Addresses, payload: &[u8]) -> Vec<u8> {
    let packet = addresses.ip(IpNumber::UDP).udp(addresses.source.port(), addresses.destination.port());
    let mut bytes = Vec::with_capacity(packet.size(payload.len()));
    packet.write(&mut bytes, payload).expect("a datagram fits into a packet");
    bytes
}

/// How much of a datagram's packet its refusal holds.
pub(super) fn udp_headers_bytes(addresses: Addresses) -> usize {
    if addresses.source.is_ipv4() { 20 + 8 } else { 40 + 8 }
}

/// The refusal of a datagram, whose headers it holds.
pub(super) fn unreachable(addresses: Addresses, headers: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = if addresses.source.is_ipv4() {
        let why = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Port);
        addresses.ip(IpNumber::ICMP).icmpv4(why).write(&mut bytes, headers)
    } else {
        let why = Icmpv6Type::DestinationUnreachable(DestUnreachableCode::Port);
        let headers = &headers[..headers.len().min(IPV6_REFUSED_BYTES_MAX)];
        addresses.ip(IpNumber::IPV6_ICMP).icmpv6(why).write(&mut bytes, headers)
    };
    written.expect("a few headers fit into a packet");
    bytes
}

#[cfg(test)]
mod tests {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    use super::*;

    fn addresses(source: &str, destination: &str) -> Addresses {
        Addresses { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
    }

    fn segment(flags: Flags, window: u32) -> Segment {
        Segment { flags, seq: (1 << 32) + 5, ack: 9, window, payload: None }
    }

    const PART: Part = Part { skipped: 0, is_last: true, scale: 3, mss_bytes: 1_460 };

    #[test]
    fn the_least_scale_is_taken_with_which_a_window_can_be_told() {
        assert_eq!([0, 65_535, 65_536, 262_140, 300_000].map(scale_for), [0, 0, 1, 2, 3]);
        assert_eq!(scale_for(u32::MAX), SCALE_MAX);
    }

    #[test]
    fn a_syn_has_its_options_and_no_scaled_window() {
        let bytes = tcp(addresses("10.0.0.1:5", "10.0.0.2:7"), &segment(Flags::SYN, 300_000), &[], PART);
        let packet = SlicedPacket::from_ip(&bytes).unwrap();
        let Some(TransportSlice::Tcp(header)) = packet.transport else { panic!("it is no segment") };
        assert!(header.syn() && !header.ack());
        assert_eq!((header.sequence_number(), header.window_size()), (5, 65_535), "numbers wrap at 32 bits");
        let options: Vec<TcpOptionElement> = header.options_iterator().map(Result::unwrap).collect();
        let expected = [
            TcpOptionElement::MaximumSegmentSize(1_460),
            TcpOptionElement::Noop,
            TcpOptionElement::WindowScale(3),
        ];
        assert_eq!(options, expected);
    }

    #[test]
    fn an_open_window_never_looks_closed() {
        let window = |window| {
            let bytes = tcp(addresses("[fd00::1]:5", "[fd00::2]:7"), &segment(Flags::ACK, window), &[], PART);
            let packet = SlicedPacket::from_ip(&bytes).unwrap();
            let Some(TransportSlice::Tcp(header)) = packet.transport else { panic!("it is no segment") };
            header.window_size()
        };
        assert_eq!([0, 1, 8, 9, 300_000].map(window), [0, 1, 1, 2, 37_500]);
    }

    #[test]
    fn checksums_are_right_in_both_families() {
        for (source, destination) in [("10.0.0.1:5", "10.0.0.2:7"), ("[fd00::1]:5", "[fd00::2]:7")] {
            let payload = vec![3; PIECE_BYTES_MAX];
            let bytes = tcp(addresses(source, destination), &segment(Flags::ACK, 9), &payload, PART);
            let packet = SlicedPacket::from_ip(&bytes).unwrap();
            let Some(TransportSlice::Tcp(header)) = packet.transport else { panic!("it is no segment") };
            let expected = match packet.net.unwrap() {
                NetSlice::Ipv4(ip) => {
                    header.calc_checksum_ipv4(ip.header().source(), ip.header().destination())
                }
                NetSlice::Ipv6(ip) => {
                    header.calc_checksum_ipv6(ip.header().source(), ip.header().destination())
                }
                NetSlice::Arp(_) => panic!("it is no IP"),
            };
            assert_eq!(Ok(header.checksum()), expected);
            assert_eq!(header.payload(), payload);
        }
    }
}
