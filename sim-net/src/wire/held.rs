//! The packets that are held back on their way.

use std::cmp::Ordering;
use std::fmt;

use sim_executor::Instant;
use sim_executor::context::RunTag;

use super::packet_data::PacketData;
use super::{Event, Wire};
use crate::address::HostId;
use crate::link::{Directions, Stop, StopId};
use crate::packet::Packet;

/// A packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFlight {
    /// The packet.
    pub packet: PacketData,
    /// When it arrives; if it is held back, when it would have.
    pub arrives_at: Instant,
    /// By what name it can be delivered or lost, if it is held back.
    pub held: Option<HeldId>,
}

/// A packet that is held back, in one run: in another it is never held back. Ids of equal runs are equal.
#[derive(Clone, Copy)]
pub struct HeldId {
    number: u64,
    run: RunTag,
}

impl PartialEq for HeldId {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for HeldId {}

impl PartialOrd for HeldId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeldId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl fmt::Debug for HeldId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("HeldId").field(&self.number).finish()
    }
}

/// A packet that is held back.
#[derive(Debug)]
pub(super) struct Held {
    id: HeldId,
    /// When it would have arrived.
    arrival: Instant,
    packet: Packet,
    is_corrupt: bool,
}

/// All packets that are held back, in the order in which that happened.
#[derive(Debug, Default)]
pub(super) struct HeldPackets {
    packets: Vec<Held>,
    count: u64,
}

impl HeldPackets {
    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn push(&mut self, arrival: Instant, packet: Packet, is_corrupt: bool) {
        self.count += 1;
        let id = HeldId { number: self.count, run: RunTag::current() };
        self.packets.push(Held { id, arrival, packet, is_corrupt });
    }

    fn take(&mut self, id: HeldId) -> Option<Held> {
        if !id.run.is_current() {
            return None;
        }
        let place = self.packets.iter().position(|held| held.id == id)?;
        Some(self.packets.remove(place))
    }
}

impl Wire {
    /// Holds packets in these directions back, those that are on their way as well.
    pub(crate) fn hold(&mut self, directions: Directions) -> StopId {
        let id = self.links.stop(Stop::Hold, directions);
        let Wire { lane, events, links, held, packets, .. } = self;
        let mut taken: Vec<(Instant, Packet, bool)> = Vec::new();
        for (arrival, packet) in std::mem::take(lane) {
            if links.get(packet.link).is_held() {
                taken.push((arrival, packet, false));
            } else {
                lane.push_back((arrival, packet));
            }
        }
        let is_held = |event: &Event| match event {
            Event::Packet(packet) | Event::Corrupted(packet) => links.get(packet.link).is_held(),
            _ => false,
        };
        let pending = events.pending();
        let ids: Vec<_> = pending.into_iter().filter(|(.., event)| is_held(event)).collect();
        let ids: Vec<_> = ids.into_iter().map(|(id, arrival, _)| (id, arrival)).collect();
        for (id, arrival) in ids {
            match events.remove(id) {
                Some(Event::Packet(packet)) => taken.push((arrival, packet, false)),
                Some(Event::Corrupted(packet)) => taken.push((arrival, packet, true)),
                _ => {}
            }
        }
        taken.sort_by_key(|&(arrival, ..)| arrival);
        *packets -= taken.len() as u32;
        for (arrival, packet, is_corrupt) in taken {
            held.push(arrival, packet, is_corrupt);
        }
        self.look_ahead();
        id
    }

    /// Ends one hold, if it still stands.
    pub(crate) fn release(&mut self, now: Instant, id: StopId) -> Option<Directions> {
        let directions = self.links.resume(Stop::Hold, id);
        self.carry_released(now);
        directions
    }

    /// Lets the packets go on whose links are held no more: they arrive when they would have, or now.
    pub(crate) fn carry_released(&mut self, now: Instant) {
        let all = std::mem::take(&mut self.held.packets);
        let (still, free): (Vec<Held>, Vec<Held>) =
            all.into_iter().partition(|held| self.links.get(held.packet.link).is_held());
        self.held.packets = still;
        for Held { arrival, packet, is_corrupt, .. } in free {
            self.carry_any(arrival.max(now), packet, is_corrupt);
        }
    }

    /// Ends all partitions and holds between these hosts. Where they are all there are, those of future hosts too.
    pub(crate) fn settle(&mut self, hosts: &[HostId], now: Instant) {
        let is_all = hosts.len() >= self.names.len();
        for stop in [Stop::Cut, Stop::Hold] {
            if is_all {
                self.links.resume_all(stop);
                continue;
            }
            for (place, &a) in hosts.iter().enumerate() {
                hosts[..place].iter().for_each(|&b| self.links.resume_between(stop, a, b));
            }
        }
        self.carry_released(now);
    }

    /// Lets one packet arrive now; whether it was held back.
    pub(crate) fn deliver_held(&mut self, now: Instant, id: HeldId) -> bool {
        let Some(Held { packet, is_corrupt, .. }) = self.held.take(id) else { return false };
        self.carry_though_held(now, packet, is_corrupt);
        true
    }

    /// Loses one packet; whether it was held back.
    pub(crate) fn lose_held(&mut self, id: HeldId) -> bool {
        let Some(Held { mut packet, .. }) = self.held.take(id) else { return false };
        self.lose(&mut packet);
        true
    }

    /// All packets on their way, in the order in which they arrive; then those that are held back.
    pub(crate) fn in_flight(&self) -> Vec<InFlight> {
        let lane = self.lane.iter().map(|(arrival, packet)| (*arrival, packet));
        let pending = self.events.pending();
        let strays = pending.iter().filter_map(|(_, arrival, event)| match event {
            Event::Packet(packet) | Event::Corrupted(packet) => Some((*arrival, packet)),
            _ => None,
        });
        let mut moving: Vec<(Instant, &Packet)> = lane.chain(strays).collect();
        moving.sort_by_key(|&(arrival, _)| arrival);
        let moving = moving.into_iter().map(|(arrival, packet)| (arrival, packet, None));
        let held = self.held.packets.iter().map(|held| (held.arrival, &held.packet, Some(held.id)));
        let all = moving.chain(held);
        all.map(|(arrives_at, packet, held)| InFlight { packet: self.data_of(packet), arrives_at, held })
            .collect()
    }
}
