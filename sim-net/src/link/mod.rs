//! One direction between two hosts: what it does to a packet.

mod config;
mod latency;
mod logarithm;
mod transmitter;

use std::collections::BTreeMap;
use std::time::Duration;

use sim_executor::{Instant, Label, LineageId, Ratio, context};

use crate::address::HostId;

pub use config::LinkConfig;
pub use latency::Latency;

use latency::LatencyNs;
use transmitter::Transmitter;

const LOSS: Label = Label::new("link.loss");
const CORRUPT: Label = Label::new("link.corrupt");
const CORRUPT_BIT: Label = Label::new("link.corrupt.bit");
const DUPLICATE: Label = Label::new("link.duplicate");
const DELAY: Label = Label::new("link.delay");
const DELAY_BY: Label = Label::new("link.delay.by");
const REORDER: Label = Label::new("link.reorder");
const REORDER_BY: Label = Label::new("link.reorder.by");

/// Which direction of which link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkId(u32);

/// One direction between two hosts. It is made when the first packet needs it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) from: HostId,
    pub(crate) to: HostId,
    config: LinkConfig,
    latency: LatencyNs,
    /// The latency of every packet, while nothing is to be decided about any.
    plain_latency: Option<u64>,
    /// Who takes the decisions of the link, once there was one.
    actor: Option<LineageId>,
    /// The partitions that cut it.
    cuts: Vec<u64>,
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
    fn new(from: HostId, to: HostId, config: LinkConfig) -> Self {
        let mut link = Link {
            from,
            to,
            config,
            latency: LatencyNs::new(&config.latency),
            plain_latency: None,
            actor: None,
            cuts: Vec::new(),
            transmitter: None,
            stalled_until: Instant::START,
        };
        link.configure(config);
        link
    }

    pub(crate) fn config(&self) -> LinkConfig {
        self.config
    }

    /// How it behaves from now on. The configuration was checked.
    pub(crate) fn configure(&mut self, config: LinkConfig) {
        self.config = config;
        self.latency = LatencyNs::new(&config.latency);
        self.transmitter = config.bandwidth_bytes_per_second.map(|bandwidth| {
            Transmitter::new(bandwidth, config.queue_bytes).after(self.transmitter.as_ref())
        });
        self.look_whether_plain();
    }

    fn look_whether_plain(&mut self) {
        let LinkConfig { loss, delay, duplicate, reorder, corrupt, .. } = self.config;
        let has_faults = ![loss, delay, duplicate, reorder, corrupt].into_iter().all(Ratio::is_never);
        self.plain_latency = match self.latency {
            LatencyNs::Fixed(latency)
                if !has_faults
                    && !self.is_cut()
                    && self.transmitter.is_none()
                    && self.stalled_until == Instant::START =>
            {
                Some(latency)
            }
            _ => None,
        };
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

    pub(crate) fn cut(&mut self, partition: u64) {
        self.cuts.push(partition);
        self.look_whether_plain();
    }

    /// Ends one partition, if it still stands.
    pub(crate) fn mend(&mut self, partition: u64) {
        self.cuts.retain(|&cut| cut != partition);
        self.look_whether_plain();
    }

    /// Ends all partitions.
    pub(crate) fn mend_all(&mut self) {
        self.cuts.clear();
        self.look_whether_plain();
    }

    /// What becomes of a packet of so many bytes, headers included, that is sent now. `name` gives the name of the link
    /// when it is first needed.
    pub(crate) fn pass(
        &mut self,
        now: Instant,
        bytes: u64,
        name: impl FnOnce(HostId, HostId) -> String,
    ) -> Fate {
        let left = match &mut self.transmitter {
            None => Some(now),
            Some(transmitter) => transmitter.send(now, bytes),
        };
        let Some(left) = left else { return Fate::Dropped };
        let LinkConfig { loss, duplicate, corrupt, .. } = self.config;
        let mut name = Some(name);
        if self.happens(LOSS, loss, &mut name) {
            return Fate::Lost;
        }
        let is_corrupt = self.happens(CORRUPT, corrupt, &mut name);
        let has_copy = self.happens(DUPLICATE, duplicate, &mut name);
        let at = self.arrival(left, &mut name);
        let copy_at = has_copy.then(|| self.arrival(left, &mut name));
        Fate::Arrives { at, is_corrupt, copy_at }
    }

    /// When a packet arrives whose last byte leaves then.
    fn arrival(
        &mut self,
        left: Instant,
        name: &mut Option<impl FnOnce(HostId, HostId) -> String>,
    ) -> Instant {
        let LinkConfig { delay, delay_max, reorder, reorder_max, .. } = self.config;
        let latency = self.latency;
        let mut at = later(left, latency.draw(|| self.actor(name)));
        if self.happens(DELAY, delay, name) {
            at = later(at, self.up_to(DELAY_BY, delay_max, name));
            self.stalled_until = self.stalled_until.max(at);
        }
        at = at.max(self.stalled_until);
        if self.happens(REORDER, reorder, name) {
            at = later(at, self.up_to(REORDER_BY, reorder_max, name));
        }
        at
    }

    fn happens(
        &mut self,
        what: Label,
        probability: Ratio,
        name: &mut Option<impl FnOnce(HostId, HostId) -> String>,
    ) -> bool {
        if probability.is_never() {
            return false;
        }
        let actor = self.actor(name);
        context::ask_flag(actor, what, probability)
    }

    /// Nanoseconds, from one on.
    fn up_to(
        &mut self,
        what: Label,
        most: Duration,
        name: &mut Option<impl FnOnce(HostId, HostId) -> String>,
    ) -> u64 {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        let actor = self.actor(name);
        context::ask_int(actor, what, 1, most, 1)
    }

    /// Which of so many bits is flipped in a packet that was found to be corrupt.
    pub(crate) fn corrupt_bit(&self, bits: u64) -> u64 {
        let actor = self.actor.expect("whether a packet is corrupt was decided in the link's name");
        context::ask_int(actor, CORRUPT_BIT, 0, bits - 1, 0)
    }

    fn actor(&mut self, name: &mut Option<impl FnOnce(HostId, HostId) -> String>) -> LineageId {
        *self.actor.get_or_insert_with(|| {
            let name = name.take().expect("the link is named once");
            context::actor(name(self.from, self.to))
        })
    }
}

fn later(time: Instant, ns: u64) -> Instant {
    Instant::from_nanos(time.as_nanos().saturating_add(ns))
}

/// All links of a network that have carried a packet, or were set.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
    index: BTreeMap<(HostId, HostId), LinkId>,
}

impl Links {
    /// The link in that direction, which is made if there is none.
    pub(crate) fn between(
        &mut self,
        from: HostId,
        to: HostId,
        config: impl FnOnce() -> LinkConfig,
    ) -> LinkId {
        let links = &mut self.links;
        *self.index.entry((from, to)).or_insert_with(|| {
            links.push(Link::new(from, to, config()));
            LinkId((links.len() - 1) as u32)
        })
    }

    #[inline]
    pub(crate) fn get(&self, link: LinkId) -> &Link {
        &self.links[link.0 as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, link: LinkId) -> &mut Link {
        &mut self.links[link.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nameless(_: HostId, _: HostId) -> String {
        panic!("a decision without doubt was asked for")
    }

    fn arrives(at: u64) -> Fate {
        Fate::Arrives { at: Instant::from_nanos(at), is_corrupt: false, copy_at: None }
    }

    #[test]
    fn a_perfect_link_asks_nothing() {
        let mut link = Link::new(HostId(0), HostId(1), LinkConfig::fixed(Duration::from_nanos(7)));
        assert_eq!(link.pass(Instant::from_nanos(3), 1, nameless), arrives(10));
        assert_eq!(link.plain_latency(), Some(7));
    }

    #[test]
    fn a_bandwidth_asks_nothing_but_is_not_plain() {
        let config = LinkConfig {
            bandwidth_bytes_per_second: Some(1_000_000_000),
            queue_bytes: 10,
            ..LinkConfig::fixed(Duration::from_nanos(7))
        };
        let mut link = Link::new(HostId(0), HostId(1), config);
        assert_eq!(link.plain_latency(), None);
        assert_eq!(link.pass(Instant::from_nanos(0), 100, nameless), arrives(107));
        assert_eq!(link.pass(Instant::from_nanos(95), 5, nameless), arrives(112));
        assert_eq!(link.pass(Instant::from_nanos(95), 1, nameless), Fate::Dropped);
        link.configure(LinkConfig { bandwidth_bytes_per_second: Some(1), ..config });
        assert_eq!(
            link.pass(Instant::from_nanos(100), 1, nameless),
            arrives(1_000_000_112),
            "the queue stays"
        );
    }

    #[test]
    fn a_link_is_cut_while_one_of_its_partitions_stands() {
        let mut link = Link::new(HostId(0), HostId(1), LinkConfig::default());
        link.cut(1);
        link.cut(2);
        link.mend(1);
        assert!(link.is_cut());
        link.mend(2);
        assert!(!link.is_cut());
        link.cut(3);
        link.mend_all();
        assert!(!link.is_cut());
    }

    #[test]
    fn each_direction_is_a_link_of_its_own() {
        let mut links = Links::default();
        let there = links.between(HostId(0), HostId(1), LinkConfig::default);
        let back = links.between(HostId(1), HostId(0), LinkConfig::default);
        assert_ne!(there, back);
        assert_eq!(links.between(HostId(0), HostId(1), || panic!("it exists")), there);
    }
}
