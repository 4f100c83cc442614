//! What goes wrong between hosts: to be called inside a run, by the test that wants it.

use std::net::IpAddr;
use std::rc::Rc;

use sim_executor::{NodeId, context};

use crate::address::HostId;
use crate::link::LinkConfig;
use crate::network::Network;

/// What names a host: the name of its node, the node, or its address.
pub trait ToHost: sealed::Locate {}

impl<T: sealed::Locate + ?Sized> ToHost for T {}

impl Network {
    /// The host that something names.
    pub(crate) fn locate(&self, host: impl ToHost) -> HostId {
        host.locate(self)
    }
}

mod sealed {
    use super::*;

    pub trait Locate {
        #[expect(
            private_interfaces,
            reason = "only this crate calls it, and only its own types implement it"
        )]
        fn locate(&self, network: &Network) -> HostId;
    }

    #[expect(private_interfaces, reason = "as in the trait")]
    mod implementations {
        use super::*;

        impl Locate for NodeId {
            fn locate(&self, network: &Network) -> HostId {
                network.host_of(*self)
            }
        }

        impl Locate for str {
            fn locate(&self, network: &Network) -> HostId {
                match context::node_by_name(self) {
                    Some(node) => network.host_of(node),
                    None => panic!("no node is called {self:?}: create it before it is named in a fault"),
                }
            }
        }

        impl Locate for String {
            fn locate(&self, network: &Network) -> HostId {
                self.as_str().locate(network)
            }
        }

        impl Locate for IpAddr {
            fn locate(&self, network: &Network) -> HostId {
                network.host_at(*self).unwrap_or_else(|| panic!("no node has the address {self}"))
            }
        }

        impl<T: Locate + ?Sized> Locate for &T {
            fn locate(&self, network: &Network) -> HostId {
                (**self).locate(network)
            }
        }
    }
}

/// A partition that stands until this is dropped, unless [`heal`] ends it before.
#[must_use = "the partition ends when this is dropped; call `keep` to leave it until `heal`"]
pub struct Partition {
    network: Rc<Network>,
    id: u64,
    cut: [Option<(HostId, HostId)>; 2],
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
    let (a, b) = (a.locate(&network), b.locate(&network));
    cut(network, [Some((a, b)), Some((b, a))])
}

/// Cuts one direction: packets from the first host to the second are lost.
///
/// # Panics
/// As [`partition`].
pub fn partition_one_way(from: impl ToHost, to: impl ToHost) -> Partition {
    let network = Network::current();
    let (from, to) = (from.locate(&network), to.locate(&network));
    cut(network, [Some((from, to)), None])
}

/// Ends all partitions between two hosts, in both directions.
///
/// # Panics
/// As [`partition`].
pub fn heal(a: impl ToHost, b: impl ToHost) {
    let network = Network::current();
    let (a, b) = (a.locate(&network), b.locate(&network));
    network.with_wire(|wire| {
        for (from, to) in [(a, b), (b, a)] {
            let link = wire.link(from, to);
            wire.link_mut(link).mend_all();
        }
        wire.note(|| format!("heal {} <-> {}", wire.name(a), wire.name(b)));
    });
}

/// How one direction behaves now.
///
/// # Panics
/// As [`partition`].
#[must_use]
pub fn link(from: impl ToHost, to: impl ToHost) -> LinkConfig {
    let network = Network::current();
    let (from, to) = (from.locate(&network), to.locate(&network));
    network.with_wire(|wire| {
        let link = wire.link(from, to);
        wire.link_mut(link).config()
    })
}

/// Sets how one direction behaves, for packets that are sent from now on.
///
/// # Panics
/// As [`partition`], or if a field is out of its bounds: see [`LinkConfig::check`].
pub fn set_link(from: impl ToHost, to: impl ToHost, config: LinkConfig) {
    config.check().unwrap_or_else(|error| panic!("the link cannot be set: {error}"));
    let network = Network::current();
    let (from, to) = (from.locate(&network), to.locate(&network));
    network.with_wire(|wire| {
        let link = wire.link(from, to);
        wire.link_mut(link).configure(config);
    });
}

/// Sets how both directions behave, for packets that are sent from now on.
///
/// # Panics
/// As [`set_link`].
pub fn set_links(a: impl ToHost, b: impl ToHost, config: LinkConfig) {
    set_link(&a, &b, config);
    set_link(&b, &a, config);
}

fn cut(network: Rc<Network>, cut: [Option<(HostId, HostId)>; 2]) -> Partition {
    let id = network.with_wire(|wire| {
        let id = wire.next_partition();
        for (from, to) in cut.into_iter().flatten() {
            let link = wire.link(from, to);
            wire.link_mut(link).cut(id);
            wire.note(|| format!("cut {} -> {}", wire.name(from), wire.name(to)));
        }
        id
    });
    Partition { network, id, cut }
}

impl Partition {
    /// Leaves the partition until [`heal`] ends it.
    pub fn keep(mut self) {
        self.cut = [None, None];
    }

    /// Ends the partition now.
    pub fn heal(self) {}
}

impl Drop for Partition {
    fn drop(&mut self) {
        let (id, cut) = (self.id, self.cut);
        self.network.with_wire(|wire| {
            for (from, to) in cut.into_iter().flatten() {
                let link = wire.link(from, to);
                wire.link_mut(link).mend(id);
                wire.note(|| format!("mend {} -> {}", wire.name(from), wire.name(to)));
            }
        });
    }
}
