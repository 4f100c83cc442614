//! Partitions: packets between some hosts are lost for a while.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::link::{Directions, Stop, StopId};
use crate::network::{Network, ToHost};

/// A partition that stands until this is dropped, unless [`heal`] ends it before.
#[must_use = "the partition ends when this is dropped; call `keep` to leave it until `heal`"]
pub struct Partition {
    network: Rc<Network>,
    /// `None` once it is kept.
    id: Option<StopId>,
}

/// Cuts both directions between two hosts. A packet is lost that is sent, or would arrive, while the partition stands.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::{TcpStream, fault};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async {
///     let _server = Node::named("server");
///     let partition = fault::partition("main", "server");
///     let error = TcpStream::connect("server:7").await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
///     drop(partition);
///     let error = TcpStream::connect("server:7").await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// }).unwrap();
/// ```
///
/// # Panics
/// Outside a run, or if there is no such host.
pub fn partition(a: impl ToHost, b: impl ToHost) -> Partition {
    let network = Network::current();
    let (a, b) = (network.locate(a), network.locate(b));
    cut(network, Directions::BothWays(a, b))
}

/// Cuts one direction: packets from the first host to the second are lost.
///
/// # Panics
/// As [`partition`].
pub fn partition_one_way(from: impl ToHost, to: impl ToHost) -> Partition {
    let network = Network::current();
    let (from, to) = (network.locate(from), network.locate(to));
    cut(network, Directions::OneWay { from, to })
}

/// Cuts the network into groups of hosts: packets between hosts of two groups are lost. A host of no group, such as one
/// that is created later, still reaches all and is reached by all.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::fault;
///
/// Executor::new(ProductionOrder).block_on(async {
///     let _nodes = ["a", "b", "c"].map(Node::named);
///     let split_brain = fault::partition_groups(&[&["a", "b"], &["c"]]);
///     split_brain.heal();
/// }).unwrap();
/// ```
///
/// # Panics
/// As [`partition`], and if a host is in two groups.
pub fn partition_groups<H: ToHost>(groups: &[&[H]]) -> Partition {
    let network = Network::current();
    let mut group_of = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        for host in *group {
            let host = network.locate(host);
            if let Some(other) = group_of.insert(host, number) {
                let name = network.with_wire(|wire| wire.name(host));
                assert!(other == number, "{name} is in group {other} as well as in group {number}");
            }
        }
    }
    cut(network, Directions::BetweenGroups(group_of))
}

/// Cuts a host off from all others, those included which are created later. It still reaches itself.
///
/// # Panics
/// As [`partition`].
pub fn isolate(host: impl ToHost) -> Partition {
    let network = Network::current();
    let host = network.locate(host);
    cut(network, Directions::Around(host))
}

/// Ends all partitions between two hosts, in both directions. One that cuts off more hosts still does.
///
/// # Panics
/// As [`partition`].
pub fn heal(a: impl ToHost, b: impl ToHost) {
    let network = Network::current();
    let (a, b) = (network.locate(a), network.locate(b));
    network.with_wire(|wire| {
        // Both links must be there, to be free of what would cut them when they are made.
        let (_, _) = (wire.link(a, b), wire.link(b, a));
        wire.links.resume_between(Stop::Cut, a, b);
        wire.note_fault(|| format!("heal {} <-> {}", wire.name(a), wire.name(b)));
    });
}

/// Ends all partitions.
///
/// # Panics
/// Outside a run.
pub fn heal_all() {
    Network::current().with_wire(|wire| {
        wire.links.resume_all(Stop::Cut);
        wire.note_fault(|| "heal all".to_string());
    });
}

fn cut(network: Rc<Network>, directions: Directions) -> Partition {
    let id = network.with_wire(|wire| {
        wire.note_directions("cut", &directions);
        wire.links.stop(Stop::Cut, directions)
    });
    Partition { network, id: Some(id) }
}

impl Partition {
    /// Leaves the partition until [`heal`] or [`heal_all`] ends it.
    pub fn keep(mut self) {
        self.id = None;
    }

    /// Ends the partition now.
    pub fn heal(self) {}
}

impl Drop for Partition {
    /// After its run nothing is cut.
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        if !self.network.is_of_current_run() {
            return;
        }
        self.network.with_wire(|wire| {
            if let Some(directions) = wire.links.resume(Stop::Cut, id) {
                wire.note_directions("mend", &directions);
            }
        });
    }
}
