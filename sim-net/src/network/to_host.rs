//! What names a host.

use std::net::IpAddr;

use sim_executor::{NodeId, context};

use super::Network;
use crate::address::HostId;

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
