//! One direction between two hosts: what it does to a packet.

use std::collections::BTreeMap;
use std::time::Duration;

use sim_executor::{Instant, Label, LineageId, context};

use crate::address::HostId;
use crate::config::LinkConfig;

const LATENCY: Label = Label::new("link.latency");
const LOSS: Label = Label::new("link.loss");

/// Which direction of which link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkId(u32);

/// One direction between two hosts. It is made when the first packet needs it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) from: HostId,
    pub(crate) to: HostId,
    config: LinkConfig,
    latency_min_ns: u64,
    latency_max_ns: u64,
    /// The latency of every packet, while nothing is to be decided about any.
    plain_latency: Option<u64>,
    /// Who takes the decisions of the link, once there was one.
    actor: Option<LineageId>,
    /// The partitions that cut it.
    cuts: Vec<u64>,
}

impl Link {
    fn new(from: HostId, to: HostId, config: LinkConfig) -> Self {
        let mut link = Link {
            from,
            to,
            config,
            latency_min_ns: 0,
            latency_max_ns: 0,
            plain_latency: None,
            actor: None,
            cuts: Vec::new(),
        };
        link.configure(config);
        link
    }

    pub(crate) fn config(&self) -> LinkConfig {
        self.config
    }

    /// How it behaves from now on.
    pub(crate) fn configure(&mut self, config: LinkConfig) {
        config.check();
        let nanos = |latency: Duration| u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.config = config;
        self.latency_min_ns = nanos(config.latency_min);
        self.latency_max_ns = nanos(config.latency_max);
        self.look_whether_plain();
    }

    fn look_whether_plain(&mut self) {
        let is_plain =
            !self.is_cut() && self.config.loss.is_never() && self.latency_min_ns == self.latency_max_ns;
        self.plain_latency = is_plain.then_some(self.latency_min_ns);
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

    /// Whether the next packet is lost. `name` gives the name of the link when it is first needed.
    #[inline]
    pub(crate) fn loses(&mut self, name: impl FnOnce(HostId, HostId) -> String) -> bool {
        if self.config.loss.is_never() {
            return false;
        }
        let actor = self.actor(name);
        context::ask_flag(actor, LOSS, self.config.loss)
    }

    /// When a packet arrives that is sent now.
    #[inline]
    pub(crate) fn arrival(&mut self, now: Instant, name: impl FnOnce(HostId, HostId) -> String) -> Instant {
        let mut latency = self.latency_min_ns;
        if latency < self.latency_max_ns {
            let actor = self.actor(name);
            latency = context::ask_int(actor, LATENCY, latency, self.latency_max_ns, latency);
        }
        Instant::from_nanos(now.as_nanos().saturating_add(latency))
    }

    fn actor(&mut self, name: impl FnOnce(HostId, HostId) -> String) -> LineageId {
        *self.actor.get_or_insert_with(|| context::actor(name(self.from, self.to)))
    }
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

    #[test]
    fn a_perfect_link_asks_nothing() {
        let mut link = Link::new(HostId(0), HostId(1), LinkConfig::fixed(Duration::from_nanos(7)));
        assert!(!link.loses(nameless));
        assert_eq!(link.arrival(Instant::from_nanos(3), nameless), Instant::from_nanos(10));
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
