//! The tap of a capture: it keeps the packets of a network as they would be on a real one.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::Instant;

use super::PACKETS_MAX;
use super::frame;
use crate::address::HostId;
use crate::network::Extension;
use crate::packet::Body;
use crate::pool::Pool;
use crate::tcp::{Flags, TcpConfig};
use crate::wire::{Addresses, Seen, Sight, Tap, Wire};

/// A packet as it was seen.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at: Instant,
    pub(super) interface: u32,
    pub(super) seen: Seen,
    /// In the bytes of all packets.
    start: usize,
    len: usize,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(super) struct Packets {
    /// The names of the interfaces in the order in which they were first used.
    pub(super) names: Vec<Rc<str>>,
    interfaces: BTreeMap<HostId, u32>,
    pub(super) frames: Vec<Frame>,
    bytes: Vec<u8>,
    left_out: u64,
    /// By how many bits the windows that one end advertises to another are shifted, since its SYN.
    scales: BTreeMap<Addresses, u8>,
    /// The last datagram that arrived: its refusal holds its headers.
    last_datagram: Option<(Addresses, Vec<u8>)>,
}

/// What sees the packets, and keeps them.
#[derive(Debug, Default)]
pub(super) struct CaptureTap {
    packets: RefCell<Packets>,
}

impl CaptureTap {
    pub(super) fn packets(&self) -> Ref<'_, Packets> {
        self.packets.borrow()
    }
}

impl Extension for CaptureTap {
    fn attach(self: Rc<Self>, wire: &mut Wire) {
        wire.set_tap(self);
    }
}

impl Tap for CaptureTap {
    fn see(&self, sight: &Sight<'_>, pool: &Pool, config: &TcpConfig) {
        self.packets.borrow_mut().see(sight, pool, config);
    }
}

impl Packets {
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.bytes[frame.start..frame.start + frame.len]
    }

    fn see(&mut self, sight: &Sight<'_>, pool: &Pool, config: &TcpConfig) {
        let payload = |slice: &Option<_>| slice.as_ref().map_or(&[][..], |slice| pool.bytes(slice));
        match sight.body {
            Body::Tcp(segment) => {
                if segment.flags.has(Flags::SYN) {
                    self.scales.insert(sight.addresses, frame::scale_for(segment.window));
                }
                let scale = self.scales.get(&sight.addresses).copied();
                let scale = scale.unwrap_or_else(|| frame::scale_for(config.receive_buffer_bytes));
                let mut rest = payload(&segment.payload);
                let mut skipped = 0;
                loop {
                    let piece = &rest[..rest.len().min(frame::PIECE_BYTES_MAX)];
                    rest = &rest[piece.len()..];
                    let part =
                        frame::Part { skipped, is_last: rest.is_empty(), scale, mss_bytes: config.mss_bytes };
                    self.keep(sight, &frame::tcp(sight.addresses, segment, piece, part));
                    skipped += piece.len() as u64;
                    if rest.is_empty() {
                        break;
                    }
                }
            }
            Body::Udp(slice) => {
                let bytes = frame::udp(sight.addresses, payload(slice));
                self.keep(sight, &bytes);
                if sight.seen == Seen::Received || sight.addresses.is_loopback() {
                    let headers = bytes[..frame::udp_headers_bytes(sight.addresses)].to_vec();
                    self.last_datagram = Some((sight.addresses, headers));
                }
            }
            Body::Unreachable => {
                let refused = sight.addresses.reversed();
                let headers = match &self.last_datagram {
                    Some((addresses, headers)) if *addresses == refused => headers.clone(),
                    _ => frame::udp(refused, &[]),
                };
                self.keep(sight, &frame::unreachable(sight.addresses, &headers));
            }
        }
    }

    fn keep(&mut self, sight: &Sight<'_>, bytes: &[u8]) {
        if self.frames.len() >= PACKETS_MAX {
            self.left_out += 1;
            return;
        }
        let names = &mut self.names;
        let interface = *self.interfaces.entry(sight.host).or_insert_with(|| {
            names.push((sight.name)().into());
            (names.len() - 1) as u32
        });
        let (start, len) = (self.bytes.len(), bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.frames.push(Frame { at: sight.at, interface, seen: sight.seen, start, len });
    }
}
