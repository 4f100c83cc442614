//! What the resolver knows, and how it answers a question.

mod config;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use sim_executor::{Fault, Label, LineageId, Ratio, Reuse as _, context};

use crate::config_error::ConfigError;
use crate::link::{Latency, LatencyNs};

pub use config::{DnsConfig, NodeAddresses};

const FAILURE: Label = Label::new("dns.failure");
const LATENCY: Label = Label::new("dns.latency");
const ROTATION: Label = Label::new("dns.rotation");

/// What a name stands for, instead of what it would stand for by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The addresses, in the order in which they are answered. Without any there is no such name.
    pub addresses: Vec<IpAddr>,
    /// How long a lookup of it takes. `None` is [`DnsConfig::latency`].
    pub latency: Option<Latency>,
    /// How probable it is that a lookup of it fails for now. `None` is [`DnsConfig::failure`].
    pub failure: Option<Ratio>,
}

impl Record {
    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.latency.map_or(Ok(()), |latency| latency.check())
    }
}

impl From<Vec<IpAddr>> for Record {
    fn from(addresses: Vec<IpAddr>) -> Self {
        Record { addresses, ..Record::default() }
    }
}

impl<const N: usize> From<[IpAddr; N]> for Record {
    fn from(addresses: [IpAddr; N]) -> Self {
        addresses.to_vec().into()
    }
}

/// The resolver of a network.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) config: DnsConfig,
    /// By their names in lower case, without a dot at the end.
    records: BTreeMap<String, Record>,
}

/// An answer, and how long it takes until it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) after: Duration,
    pub(crate) result: Result<Vec<IpAddr>, Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// `EAI_NONAME`
    NoSuchName,
    /// `EAI_AGAIN`
    Temporary,
}

impl Resolver {
    /// Of a configuration that was checked.
    pub(crate) fn new(config: DnsConfig) -> Self {
        Resolver { config, records: BTreeMap::new() }
    }

    /// Makes it as new, for a run that sets its configuration.
    pub(crate) fn renew(&mut self) {
        let Resolver { config: _, records } = self;
        records.renew();
    }

    /// Gives a name addresses.
    pub(crate) fn set(&mut self, name: &str, record: Record) {
        self.records.insert(normal(name), record);
    }

    /// Forgets what a name was given.
    pub(crate) fn remove(&mut self, name: &str) {
        self.records.remove(&normal(name));
    }

    /// Answers by what is so now. `node` gives the addresses of the node with that name, IPv4 first.
    pub(crate) fn answer(&self, name: &str, node: impl FnOnce() -> Option<[IpAddr; 2]>) -> Answer {
        let record = if self.records.is_empty() { None } else { self.records.get(&normal(name)) };
        let actor = || context::actor(format!("dns:{}", normal(name)));
        let failure = record.and_then(|record| record.failure).unwrap_or(self.config.failure);
        let failure = context::probability_of(Fault::Dns, failure);
        if !failure.is_never() && context::ask_flag(actor(), FAILURE, failure) {
            return Answer { after: self.config.failure_after, result: Err(Failure::Temporary) };
        }
        let latency = record.and_then(|record| record.latency).unwrap_or(self.config.latency);
        let after = Duration::from_nanos(LatencyNs::new(&latency).draw_as(LATENCY, actor));
        let mut addresses = match record {
            Some(record) => record.addresses.clone(),
            None => self.own(node),
        };
        self.rotate(&mut addresses, actor);
        let result = if addresses.is_empty() { Err(Failure::NoSuchName) } else { Ok(addresses) };
        Answer { after, result }
    }

    fn own(&self, node: impl FnOnce() -> Option<[IpAddr; 2]>) -> Vec<IpAddr> {
        if self.config.nodes == NodeAddresses::None {
            return Vec::new();
        }
        match (node(), self.config.nodes) {
            (None, _) | (_, NodeAddresses::None) => Vec::new(),
            (Some([v4, _]), NodeAddresses::V4) => vec![v4],
            (Some([v4, v6]), NodeAddresses::V4ThenV6) => vec![v4, v6],
            (Some([v4, v6]), NodeAddresses::V6ThenV4) => vec![v6, v4],
            (Some([_, v6]), NodeAddresses::V6) => vec![v6],
        }
    }

    fn rotate(&self, addresses: &mut [IpAddr], actor: impl FnOnce() -> LineageId) {
        if self.config.rotates && addresses.len() > 1 {
            let last = addresses.len() as u64 - 1;
            let first = context::ask_int(actor(), ROTATION, 0, last, 0);
            addresses.rotate_left(first as usize);
        }
    }
}

/// A name as all who mean the same write it.
fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    fn addresses(resolver: &Resolver, name: &str) -> Result<Vec<IpAddr>, Failure> {
        resolver.answer(name, || (name == "node").then_some([V4, V6])).result
    }

    #[test]
    fn a_node_has_the_addresses_that_are_asked_for() {
        for (nodes, expected) in [
            (NodeAddresses::None, Err(Failure::NoSuchName)),
            (NodeAddresses::V4, Ok(vec![V4])),
            (NodeAddresses::V4ThenV6, Ok(vec![V4, V6])),
            (NodeAddresses::V6ThenV4, Ok(vec![V6, V4])),
            (NodeAddresses::V6, Ok(vec![V6])),
        ] {
            let resolver = Resolver::new(DnsConfig { nodes, ..DnsConfig::default() });
            assert_eq!(addresses(&resolver, "node"), expected, "{nodes:?}");
            assert_eq!(addresses(&resolver, "nobody"), Err(Failure::NoSuchName));
        }
    }

    #[test]
    fn what_was_set_goes_before_the_node_and_names_have_no_case() {
        let mut resolver = Resolver::new(DnsConfig::default());
        resolver.set("Node.", [V6].into());
        for name in ["node", "NODE", "node."] {
            assert_eq!(addresses(&resolver, name), Ok(vec![V6]), "{name}");
        }
        resolver.set("node", Record::default());
        assert_eq!(addresses(&resolver, "node"), Err(Failure::NoSuchName));
        resolver.remove("nODE");
        assert_eq!(addresses(&resolver, "node"), Ok(vec![V4]));
    }

    #[test]
    fn without_doubt_nothing_is_asked_and_no_time_passes() {
        // Outside of a run a question would panic.
        let resolver = Resolver::new(DnsConfig { rotates: true, ..DnsConfig::default() });
        let answer = resolver.answer("node", || Some([V4, V6]));
        assert_eq!(answer, Answer { after: Duration::ZERO, result: Ok(vec![V4]) });
    }
}
