//! All links of a network, with what stops the packets on them.

use std::collections::BTreeMap;

use sim_executor::Reuse as _;

use super::{Directions, Link, LinkConfig, Stop};
use crate::address::HostId;

/// Which direction of which link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkId(u32);

/// Which of all the times that something was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StopId(u64);

/// What keeps packets from an address that nobody has, for ever. The others count from one.
const TO_NOBODY: StopId = StopId(0);

/// So many links at most are looked through for one.
const FEW: usize = 8;

/// All links that have carried a packet, or were set.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
    /// The links by their ends, if they are more than a few.
    index: BTreeMap<(HostId, HostId), LinkId>,
    /// What is stopped, also between hosts that have no link yet.
    stopped: Vec<Stopped>,
    stops: u64,
}

#[derive(Debug)]
struct Stopped {
    id: StopId,
    stop: Stop,
    directions: Directions,
}

impl Links {
    /// Makes it as new, and keeps memory for the next run.
    pub(crate) fn renew(&mut self) {
        let Links { links, index, stopped, stops } = self;
        links.renew();
        index.renew();
        stopped.renew();
        *stops = 0;
    }

    /// The link in that direction, which is made if there is none.
    pub(crate) fn between(&mut self, from: HostId, to: HostId, config: &LinkConfig) -> LinkId {
        if let Some(link) = self.find_id(from, to) {
            return link;
        }
        let Links { links, index, stopped, .. } = self;
        let id = LinkId(links.len() as u32);
        links.push(Link::new(from, to, config));
        if links.len() > FEW {
            let unknown = if index.is_empty() { 0 } else { id.0 };
            let unknown = (unknown..).zip(&links[unknown as usize..]);
            index.extend(unknown.map(|(number, link)| ((link.from, link.to), LinkId(number))));
        }
        let link = &mut links[id.0 as usize];
        if to == HostId::NOBODY {
            link.stop(Stop::Cut, TO_NOBODY);
        }
        for Stopped { id, stop, directions } in stopped {
            if directions.cover(from, to) {
                link.stop(*stop, *id);
            }
        }
        id
    }

    /// Stops the packets in these directions.
    pub(crate) fn stop(&mut self, stop: Stop, directions: Directions) -> StopId {
        self.stops += 1;
        let id = StopId(self.stops);
        for link in &mut self.links {
            if directions.cover(link.from, link.to) {
                link.stop(stop, id);
            }
        }
        self.stopped.push(Stopped { id, stop, directions });
        id
    }

    /// Takes back one stop, and gives what it was about, if it still stands.
    pub(crate) fn resume(&mut self, stop: Stop, id: StopId) -> Option<Directions> {
        let place = self.stopped.iter().position(|stopped| stopped.id == id)?;
        self.links.iter_mut().for_each(|link| link.resume(stop, id));
        Some(self.stopped.remove(place).directions)
    }

    /// Takes back all stops of this kind between two hosts, whose links exist.
    pub(crate) fn resume_between(&mut self, stop: Stop, a: HostId, b: HostId) {
        self.stopped.retain(|stopped| stopped.stop != stop || !stopped.directions.are_between_only(a, b));
        for pair in [(a, b), (b, a)] {
            if let Some(link) = self.find_id(pair.0, pair.1) {
                self.links[link.0 as usize].resume_all(stop);
            }
        }
    }

    /// Takes back all stops of this kind.
    pub(crate) fn resume_all(&mut self, stop: Stop) {
        self.stopped.retain(|stopped| stopped.stop != stop);
        let links = self.links.iter_mut().filter(|link| link.to != HostId::NOBODY);
        links.for_each(|link| link.resume_all(stop));
    }

    /// The link in that direction, if there is one.
    pub(crate) fn find(&self, from: HostId, to: HostId) -> Option<&Link> {
        self.find_id(from, to).map(|link| self.get(link))
    }

    fn find_id(&self, from: HostId, to: HostId) -> Option<LinkId> {
        if self.links.len() > FEW {
            return self.index.get(&(from, to)).copied();
        }
        let place = self.links.iter().position(|link| link.from == from && link.to == to)?;
        Some(LinkId(place as u32))
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

    #[test]
    fn a_link_is_cut_while_one_of_its_partitions_stands() {
        let mut links = Links::default();
        let (a, b) = (HostId(0), HostId(1));
        let first = links.stop(Stop::Cut, Directions::BothWays(a, b));
        let link = links.between(a, b, &LinkConfig::default());
        let second = links.stop(Stop::Cut, Directions::Around(b));
        assert!(links.resume(Stop::Cut, first).is_some());
        assert!(links.get(link).is_cut());
        assert!(links.resume(Stop::Cut, second).is_some());
        assert!(!links.get(link).is_cut());
        assert!(links.resume(Stop::Cut, second).is_none(), "it has ended");
        links.stop(Stop::Cut, Directions::Around(a));
        links.stop(Stop::Hold, Directions::Around(a));
        links.resume_between(Stop::Cut, b, a);
        assert!(!links.get(link).is_cut() && links.get(link).is_held());
        let other = links.between(a, HostId(2), &LinkConfig::default());
        assert!(links.get(other).is_cut(), "only between those two");
        links.resume_all(Stop::Cut);
        assert!(!links.get(other).is_cut() && links.get(other).is_held());
    }

    #[test]
    fn nothing_ever_reaches_nobody() {
        let mut links = Links::default();
        let link = links.between(HostId(0), HostId::NOBODY, &LinkConfig::default());
        links.resume_all(Stop::Cut);
        assert!(links.get(link).is_cut());
    }

    #[test]
    fn each_direction_is_a_link_of_its_own() {
        let mut links = Links::default();
        let there = links.between(HostId(0), HostId(1), &LinkConfig::default());
        let back = links.between(HostId(1), HostId(0), &LinkConfig::default());
        assert_ne!(there, back);
        assert_eq!(links.between(HostId(0), HostId(1), &LinkConfig::default()), there);
    }

    #[test]
    fn a_link_is_found_however_many_there_are() {
        let mut links = Links::default();
        for _run in 0..2 {
            let ends: Vec<_> =
                (0..3).flat_map(|from| (0..9).map(move |to| (HostId(from), HostId(to)))).collect();
            let mut made = Vec::new();
            for (from, to) in ends {
                assert!(links.find(from, to).is_none());
                made.push((from, to, links.between(from, to, &LinkConfig::default())));
                for &(from, to, link) in &made {
                    assert_eq!(links.between(from, to, &LinkConfig::default()), link);
                    assert_eq!(links.find(from, to).map(|link| (link.from, link.to)), Some((from, to)));
                }
            }
            links.renew();
        }
    }
}
