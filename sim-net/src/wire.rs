//! What is between the hosts: links with the packets on them, in the order in which they are due.

mod held;
mod hooked;
mod packet_data;
mod reuse;
mod shown;
#[cfg(feature = "pcap")]
mod tapped;

use std::collections::VecDeque;
use std::rc::Rc;

use sim_executor::context::RunHandle;
use sim_executor::{Due, EventId, EventQueue, Instant};

use crate::address::{Groups, HostId, Interfaces, SocketId};
use crate::config::NetworkConfig;
use crate::link::{Fate, Link, LinkId, Links};
use crate::packet::{Body, Packet};
use crate::pool::Pool;
use crate::tcp::Rules;
use crate::wakers::Wakers;

pub use held::{HeldId, InFlight};
pub use hooked::Crossing;
pub use packet_data::{PacketData, Protocol};

#[cfg(feature = "pcap")]
pub(crate) use tapped::{Addresses, Seen, Sight, Tap};

use held::HeldPackets;
use shown::name;

/// What is due at some time, besides packets that keep their order.
#[derive(Debug)]
pub(crate) enum Event {
    /// A packet arrives.
    Packet(Packet),
    /// One arrives whose checksum is wrong.
    Corrupted(Packet),
    /// A connection has something to do.
    Timer { host: HostId, socket: SocketId },
    /// There may be room again for what a datagram socket has to send.
    Room { host: HostId, socket: SocketId },
    /// Nobody has answered for the address that a connection is to go to.
    NoNeighbour { host: HostId, socket: SocketId },
}

/// What comes first of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    Nothing,
    /// The first packet of the lane.
    Packet,
    /// One of the others.
    Event,
}

/// Everything that the hosts share.
pub(crate) struct Wire {
    /// In whose time packets are carried.
    pub(crate) run: RunHandle,
    pub(crate) config: NetworkConfig,
    pub(crate) tcp: Rules,
    pub(crate) pool: Pool,
    pub(crate) interfaces: Interfaces,
    pub(crate) links: Links,
    pub(crate) groups: Groups,
    /// To be woken when nothing is borrowed.
    pub(crate) wakes: Wakers,
    /// To be dropped when nothing is borrowed.
    pub(crate) garbage: Wakers,
    /// By host; those that are not known yet are shown by their address.
    pub(crate) names: Vec<Option<Rc<str>>>,
    events: EventQueue<Event>,
    /// How many events there were in the run.
    scheduled: u64,
    /// Packets that arrive in the order in which they were sent, as all do while latencies are alike. One that overtakes
    /// another is among the events. What arrives at one instant is in the order of sending either way, and before the
    /// other events of that instant.
    lane: VecDeque<(Instant, Packet)>,
    /// Packets on their way.
    packets: u32,
    /// Connections that go to an address which nobody has, and have not been told; datagram sockets that wait for room.
    pub(crate) searches: u32,
    /// When the first of all is due, or earlier.
    due: Due,
    held: HeldPackets,
    /// Packets that wait for the hooks.
    aside: VecDeque<(Instant, Packet)>,
    has_hooks: bool,
    /// Hosts that have lost power.
    down: Vec<HostId>,
    /// Whether packets are recorded.
    is_traced: bool,
    /// Whether anybody looks at packets.
    is_watched: bool,
    #[cfg(feature = "pcap")]
    tap: Option<Rc<dyn Tap>>,
}

/// More than packets and sockets can need together.
const EVENTS_MAX: usize = 1 << 24;

impl Wire {
    pub(crate) fn new(config: NetworkConfig, is_traced: bool) -> Self {
        Wire {
            run: RunHandle::current(),
            config,
            tcp: Rules::new(config.tcp),
            pool: Pool::default(),
            interfaces: Interfaces::default(),
            links: Links::default(),
            groups: Groups::default(),
            wakes: Wakers::default(),
            garbage: Wakers::default(),
            names: Vec::new(),
            events: EventQueue::new(EVENTS_MAX),
            scheduled: 0,
            lane: VecDeque::new(),
            packets: 0,
            searches: 0,
            due: Due::never(),
            held: HeldPackets::default(),
            aside: VecDeque::new(),
            has_hooks: false,
            down: Vec::new(),
            is_traced,
            is_watched: is_traced,
            #[cfg(feature = "pcap")]
            tap: None,
        }
    }

    /// The link in that direction.
    pub(crate) fn link(&mut self, from: HostId, to: HostId) -> LinkId {
        let Wire { links, config, .. } = self;
        links.between(from, to, if from == to { &config.loopback } else { &config.link })
    }

    /// Puts a packet on its link, which may lose it.
    #[inline(always)]
    pub(crate) fn send(&mut self, now: Instant, packet: Packet) {
        match self.links.get(packet.link).plain_latency() {
            Some(latency) if !self.is_watched && self.has_room() => {
                self.carry(now.saturating_add_nanos(latency), packet);
            }
            _ => self.send_off_the_plain_path(now, packet),
        }
    }

    fn look_whether_watched(&mut self) {
        self.is_watched = self.is_traced || self.has_hooks;
        #[cfg(feature = "pcap")]
        {
            self.is_watched |= self.tap.is_some();
        }
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.packets < self.config.packets_max
    }

    /// Whether packets are on their way.
    pub(crate) fn has_packets(&self) -> bool {
        self.packets > 0
    }

    #[inline]
    fn carry(&mut self, arrival: Instant, packet: Packet) {
        self.packets += 1;
        self.bring_forward(arrival);
        if self.lane.back().is_some_and(|&(last, _)| arrival < last) {
            self.schedule(arrival, Event::Packet(packet));
        } else {
            self.lane.push_back((arrival, packet));
        }
    }

    #[inline(never)]
    fn send_off_the_plain_path(&mut self, now: Instant, packet: Packet) {
        if self.is_traced {
            self.record("send", &packet);
        }
        #[cfg(feature = "pcap")]
        self.tap(now, &packet, Seen::Sent);
        if self.has_hooks { self.put_aside(now, packet) } else { self.put_on_link(now, 0, packet) }
    }

    /// Puts a packet on its link, which may lose it, or take so much longer.
    fn put_on_link(&mut self, now: Instant, delay_ns: u64, mut packet: Packet) {
        let packets = self.packets as usize + self.held.len();
        let packets_max = self.config.packets_max as usize;
        let Wire { links, names, .. } = self;
        let link = links.get_mut(packet.link);
        if link.is_cut() || packets >= packets_max {
            return self.lose(&mut packet);
        }
        let mtu_bytes = link.mtu_bytes();
        let (bytes, fragments) = (packet.bytes_on_link(mtu_bytes), packet.fragments(mtu_bytes));
        let fate = link.pass(now, bytes, fragments, packet.flow(), |from, to| {
            format!("link:{}->{}", name(names, from), name(names, to))
        });
        let (at, is_corrupt, copy_at) = match fate {
            Fate::Arrives { at, is_corrupt, copy_at } => (at, is_corrupt, copy_at),
            Fate::Dropped => return self.give_up("queue full", &mut packet),
            Fate::Lost => return self.lose(&mut packet),
        };
        let later = |at: Instant| at.saturating_add_nanos(delay_ns);
        if let Some(copy_at) = copy_at
            && packets + 1 < packets_max
        {
            let copy = packet.copy(&mut self.pool);
            self.carry_any(later(copy_at), copy, false);
        }
        let is_corrupt = is_corrupt && !self.flip_bit(&mut packet);
        self.carry_any(later(at), packet, is_corrupt);
    }

    /// Carries a packet that may be held back or corrupt.
    fn carry_any(&mut self, arrival: Instant, packet: Packet, is_corrupt: bool) {
        if self.links.get(packet.link).is_held() {
            return self.held.push(arrival, packet, is_corrupt);
        }
        self.carry_though_held(arrival, packet, is_corrupt);
    }

    fn carry_though_held(&mut self, arrival: Instant, packet: Packet, is_corrupt: bool) {
        if !is_corrupt {
            return self.carry(arrival, packet);
        }
        self.packets += 1;
        self.schedule(arrival, Event::Corrupted(packet));
    }

    /// Flips a bit of a payload that nobody checks; whether the packet has one. Every other packet that is corrupt is dropped
    /// by its receiver: a checksum finds any single bit, and an empty datagram has none but those of its header.
    fn flip_bit(&mut self, packet: &mut Packet) -> bool {
        let Body::Udp(Some(payload)) = &mut packet.body else { return false };
        if self.config.udp.checksums {
            return false;
        }
        let bit = self.links.get(packet.link).corrupt_bit(payload.len() as u64 * 8);
        let mut bytes = self.pool.bytes(payload).to_vec();
        bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
        let flipped = self.pool.copy_in(&bytes);
        self.pool.release(std::mem::replace(payload, flipped));
        true
    }

    /// A packet comes to nothing.
    pub(crate) fn lose(&mut self, packet: &mut Packet) {
        self.give_up("lost", packet);
    }

    fn give_up(&mut self, why: &str, packet: &mut Packet) {
        if self.is_traced {
            self.record(why, packet);
        }
        self.pool.release_all(packet.body.take_payload());
    }

    /// Adds to what is due.
    ///
    /// # Panics
    /// If that is more than [`EVENTS_MAX`].
    pub(crate) fn schedule(&mut self, due: Instant, event: Event) -> EventId {
        self.bring_forward(due);
        self.scheduled += 1;
        match self.events.push(due, event) {
            Ok(id) => id,
            Err(full) => panic!("the network cannot go on: {full}"),
        }
    }

    /// Takes out of what is due.
    pub(crate) fn cancel(&mut self, event: EventId) {
        self.events.remove(event);
    }

    /// When the first of all is due, as the loop may read it at any time.
    pub(crate) fn due(&self) -> &Due {
        &self.due
    }

    /// Something is due then.
    #[inline]
    fn bring_forward(&self, due: Instant) {
        if due < self.due.get() {
            self.due.set(due);
        }
    }

    /// What is due now and comes first. If that is nothing, the loop knows from then on when something is due.
    #[inline]
    pub(crate) fn look_for_due(&mut self, now: Instant) -> First {
        let [packet, event] = self.first_dues();
        if packet.min(event) > now {
            self.look_ahead();
            return First::Nothing;
        }
        if packet <= event { First::Packet } else { First::Event }
    }

    /// Has the loop know when something is due, after something was taken.
    #[inline]
    fn look_ahead(&mut self) {
        let [packet, event] = self.first_dues();
        self.due.set(packet.min(event));
    }

    /// When the first packet of the lane arrives, and when the first event is due.
    #[inline]
    fn first_dues(&self) -> [Instant; 2] {
        let packet = self.lane.front().map_or(Instant::MAX, |&(arrival, _)| arrival);
        [packet, self.events.next_due().unwrap_or(Instant::MAX)]
    }

    /// Takes the first packet of the lane.
    #[inline]
    pub(crate) fn pop_packet(&mut self) -> Option<Packet> {
        let (_, packet) = self.lane.pop_front()?;
        Some(packet)
    }

    /// Takes what is due first besides the packets of the lane.
    pub(crate) fn pop_event(&mut self, now: Instant) -> Option<Event> {
        self.events.pop_due(now).map(|(_, event)| event)
    }

    /// A packet arrives whose checksum is wrong.
    pub(crate) fn drop_corrupted(&mut self, packet: &mut Packet) {
        self.packets -= 1;
        self.run.hash_word(!packet.fingerprint());
        self.give_up("corrupt", packet);
    }

    /// Takes note that a packet arrives; gives the host, unless a partition has come between.
    #[inline]
    pub(crate) fn receive(&mut self, now: Instant, packet: &Packet) -> Option<HostId> {
        self.packets -= 1;
        let link = self.links.get(packet.link);
        if link.is_cut() {
            return None;
        }
        let to = link.to;
        self.run.hash_word(packet.fingerprint() ^ (u64::from(to.0) << 40));
        if self.is_watched && !self.is_down(to) {
            self.watch_receipt(now, packet);
        }
        Some(to)
    }

    #[cfg_attr(not(feature = "pcap"), expect(unused_variables, reason = "only a capture wants the time"))]
    fn watch_receipt(&self, now: Instant, packet: &Packet) {
        if self.is_traced {
            self.record("recv", packet);
        }
        #[cfg(feature = "pcap")]
        self.tap(now, packet, Seen::Received);
    }

    /// Whether a host has lost power: it answers to nothing.
    #[inline]
    pub(crate) fn is_down(&self, host: HostId) -> bool {
        !self.down.is_empty() && self.down.contains(&host)
    }

    /// A host loses power.
    pub(crate) fn take_down(&mut self, host: HostId) {
        if !self.is_down(host) {
            self.down.push(host);
        }
    }

    /// A host has power again.
    pub(crate) fn bring_up(&mut self, host: HostId) {
        self.down.retain(|&down| down != host);
    }

    pub(crate) fn link_mut(&mut self, link: LinkId) -> &mut Link {
        self.links.get_mut(link)
    }
}
