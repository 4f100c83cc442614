//! One direction between two hosts: what it does to a packet.

mod config;
mod directions;
mod flows;
mod latency;
mod links;
mod logarithm;
mod transmitter;

use std::time::Duration;

use sim_executor::{Instant, Label, LineageId, Ratio, context};

use crate::address::HostId;

pub use config::LinkConfig;
pub use latency::Latency;
pub(crate) use latency::LatencyNs;

pub(crate) use directions::Directions;
pub(crate) use flows::{Carried, Flow};
pub(crate) use links::{LinkId, Links, StopId};

use flows::Flows;
use transmitter::Transmitter;

const LOSS: Label = Label::new("link.loss");
const CORRUPT: Label = Label::new("link.corrupt");
const CORRUPT_BIT: Label = Label::new("link.corrupt.bit");
const DUPLICATE: Label = Label::new("link.duplicate");
const DELAY: Label = Label::new("link.delay");
const DELAY_BY: Label = Label::new("link.delay.by");
const REORDER: Label = Label::new("link.reorder");
const REORDER_BY: Label = Label::new("link.reorder.by");

/// What keeps packets from arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// They are lost.
    Cut,
    /// They wait.
    Hold,
}

/// One direction between two hosts. It is made when the first packet needs it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) from: HostId,
    pub(crate) to: HostId,
    config: LinkConfig,
    /// The same, with the faults that are asked about in this run.
    asked: LinkConfig,
    latency: LatencyNs,
    /// The latency of every packet, while nothing is to be decided about any.
    plain_latency: Option<u64>,
    /// Who takes the decisions about its packets.
    flows: Flows,
    /// The partitions that cut it.
    cuts: Vec<StopId>,
    /// What holds its packets back.
    holds: Vec<StopId>,
    /// If the bandwidth has a limit.
    transmitter: Option<Transmitter>,
    /// Since it was delayed, nothing that keeps its order arrives before.
    stalled_until: Instant,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The queue is full.
    Dropped,
    Lost,
    Arrives {
        at: Instant,
        /// Whether a bit of it is flipped.
        is_corrupt: bool,
        /// When its copy arrives, if it has one.
        copy_at: Option<Instant>,
    },
}

impl Link {
    /// A link that behaves so. The configuration was checked.
    fn new(from: HostId, to: HostId, config: &LinkConfig) -> Self {
        let asked = asked(from, to, config);
        let latency = LatencyNs::new(&config.latency);
        let transmitter = config
            .bandwidth_bytes_per_second
            .map(|bandwidth| Transmitter::new(bandwidth, config.queue_bytes));
        let plain_latency = latency.fixed().filter(|_| !asked.has_faults() && transmitter.is_none());
        Link {
            from,
            to,
            config: *config,
            asked,
            latency,
            plain_latency,
            flows: Flows::default(),
            cuts: Vec::new(),
            holds: Vec::new(),
            transmitter,
            stalled_until: Instant::START,
        }
    }

    pub(crate) fn config(&self) -> LinkConfig {
        self.config
    }

    /// How it behaves from now on. The configuration was checked.
    pub(crate) fn configure(&mut self, config: LinkConfig) {
        self.config = config;
        self.asked = asked(self.from, self.to, &config);
        self.latency = LatencyNs::new(&config.latency);
        self.transmitter = config.bandwidth_bytes_per_second.map(|bandwidth| {
            Transmitter::new(bandwidth, config.queue_bytes).after(self.transmitter.as_ref())
        });
        self.look_whether_plain();
    }

    fn look_whether_plain(&mut self) {
        let is_plain = !self.asked.has_faults()
            && !self.is_cut()
            && !self.is_held()
            && self.transmitter.is_none()
            && self.stalled_until == Instant::START;
        self.plain_latency = self.latency.fixed().filter(|_| is_plain);
    }

    /// The latency of every packet in nanoseconds, while nothing is to be decided about any.
    #[inline]
    pub(crate) fn plain_latency(&self) -> Option<u64> {
        self.plain_latency
    }

    /// Whether a partition stands.
    #[inline]
    pub(crate) fn is_cut(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// Whether a packet may be lost that it takes.
    pub(crate) fn may_lose(&self) -> bool {
        let LinkConfig { loss, corrupt, .. } = self.asked;
        !loss.is_never() || !corrupt.is_never()
    }

    /// Whether its packets are held back.
    pub(crate) fn is_held(&self) -> bool {
        !self.holds.is_empty()
    }

    /// Those who stop its packets in this way.
    fn stops(&mut self, stop: Stop) -> &mut Vec<StopId> {
        match stop {
            Stop::Cut => &mut self.cuts,
            Stop::Hold => &mut self.holds,
        }
    }

    fn stop(&mut self, stop: Stop, id: StopId) {
        self.stops(stop).push(id);
        self.look_whether_plain();
    }

    /// Takes back one stop, if it still stands.
    fn resume(&mut self, stop: Stop, id: StopId) {
        self.stops(stop).retain(|&stopped| stopped != id);
        self.look_whether_plain();
    }

    fn resume_all(&mut self, stop: Stop) {
        self.stops(stop).clear();
        self.look_whether_plain();
    }

    /// The most bytes of a packet with its headers.
    pub(crate) fn mtu_bytes(&self) -> u32 {
        self.config.mtu_bytes
    }

    /// When all has left that waits for its turn, if the bandwidth has a limit.
    #[inline]
    pub(crate) fn idle_at(&self) -> Option<Instant> {
        self.transmitter.as_ref().map(Transmitter::idle_at)
    }

    /// What becomes of a packet of so many bytes, headers included, that is sent now, in so many fragments of which none may
    /// be lost. `name` gives the name of the link when it is first needed.
    pub(crate) fn pass(
        &mut self,
        now: Instant,
        bytes: u64,
        fragments: u64,
        flow: Flow,
        name: impl Fn(HostId, HostId) -> String,
    ) -> Fate {
        let left = match &mut self.transmitter {
            None => Some(now),
            Some(transmitter) => transmitter.send(now, bytes),
        };
        let Some(left) = left else { return Fate::Dropped };
        let LinkConfig { loss, duplicate, corrupt, .. } = self.asked;
        let (from, to) = (self.from, self.to);
        let asked = Asked { flow, name: &|| name(from, to) };
        if (0..fragments).any(|_| self.happens(LOSS, loss, &asked)) {
            return Fate::Lost;
        }
        let is_corrupt = self.happens(CORRUPT, corrupt, &asked);
        let has_copy = self.happens(DUPLICATE, duplicate, &asked);
        let at = self.arrival(left, &asked);
        let copy_at = has_copy.then(|| self.arrival(left, &asked));
        Fate::Arrives { at, is_corrupt, copy_at }
    }

    /// When a packet arrives whose last byte leaves then.
    fn arrival(&mut self, left: Instant, asked: &Asked<'_>) -> Instant {
        let LinkConfig { delay, delay_max, reorder, reorder_max, in_order, .. } = self.asked;
        let latency = self.latency;
        let mut at = left.saturating_add_nanos(latency.draw(|| self.actor(asked)));
        if self.happens(DELAY, delay, asked) {
            at = at.saturating_add_nanos(self.up_to(DELAY_BY, delay_max, asked));
            self.stalled_until = self.stalled_until.max(at);
        }
        at = at.max(self.stalled_until);
        if in_order {
            at = self.flows.not_before_last(asked.flow, at);
        }
        if self.happens(REORDER, reorder, asked) {
            at = at.saturating_add_nanos(self.up_to(REORDER_BY, reorder_max, asked));
        }
        at
    }

    fn happens(&mut self, what: Label, probability: Ratio, asked: &Asked<'_>) -> bool {
        if probability.is_never() {
            return false;
        }
        context::ask_flag(self.actor(asked), what, probability)
    }

    /// Nanoseconds, from one on.
    fn up_to(&mut self, what: Label, most: Duration, asked: &Asked<'_>) -> u64 {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        context::ask_int(self.actor(asked), what, 1, most, 1)
    }

    /// Which of so many bits is flipped in the packet that was found to be corrupt just now.
    pub(crate) fn corrupt_bit(&self, bits: u64) -> u64 {
        let actor = self.flows.latest().expect("whether a packet is corrupt was decided in its flow's name");
        context::ask_int(actor, CORRUPT_BIT, 0, bits - 1, 0)
    }

    fn actor(&mut self, asked: &Asked<'_>) -> LineageId {
        self.flows.actor(asked.flow, asked.name)
    }
}

/// The configuration of a link, with the faults that are asked about in this run. No host loses what it sends to itself.
fn asked(from: HostId, to: HostId, config: &LinkConfig) -> LinkConfig {
    if from == to { *config } else { config.asked() }
}

/// In whose name a packet's decisions are asked.
struct Asked<'a> {
    flow: Flow,
    /// Names the link.
    name: &'a dyn Fn() -> String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Endpoint;

    fn nameless(_: HostId, _: HostId) -> String {
        panic!("a decision without doubt was asked for")
    }

    const FLOW: Flow = Flow { carried: Carried::Udp, source: Endpoint::LEAST, destination: Endpoint::LEAST };

    fn arrives(at: u64) -> Fate {
        Fate::Arrives { at: Instant::from_nanos(at), is_corrupt: false, copy_at: None }
    }

    #[test]
    fn a_perfect_link_asks_nothing() {
        let mut link = Link::new(HostId(0), HostId(1), &LinkConfig::fixed(Duration::from_nanos(7)));
        assert_eq!(link.pass(Instant::from_nanos(3), 1, 1, FLOW, nameless), arrives(10));
        assert_eq!(link.plain_latency(), Some(7));
    }

    #[test]
    fn a_bandwidth_asks_nothing_but_is_not_plain() {
        let config = LinkConfig {
            bandwidth_bytes_per_second: Some(1_000_000_000),
            queue_bytes: 10,
            ..LinkConfig::fixed(Duration::from_nanos(7))
        };
        let mut link = Link::new(HostId(0), HostId(1), &config);
        assert_eq!(link.plain_latency(), None);
        assert_eq!(link.pass(Instant::from_nanos(0), 100, 1, FLOW, nameless), arrives(107));
        assert_eq!(link.pass(Instant::from_nanos(95), 5, 1, FLOW, nameless), arrives(112));
        assert_eq!(link.pass(Instant::from_nanos(95), 1, 1, FLOW, nameless), Fate::Dropped);
        link.configure(LinkConfig { bandwidth_bytes_per_second: Some(1), ..config });
        assert_eq!(
            link.pass(Instant::from_nanos(100), 1, 1, FLOW, nameless),
            arrives(1_000_000_112),
            "the queue stays"
        );
    }
}
