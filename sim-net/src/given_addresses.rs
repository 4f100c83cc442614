//! Addresses that hosts are given besides their own.

use std::net::IpAddr;

use crate::address::{HostId, InterfaceId, Place, place};
use crate::host::Host;
use crate::network::{Network, ToHost};
use crate::wire::Wire;

/// Why an address was not given or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// A host has it: another, or that very one.
    #[error("{ip} is the address of {owner}; take it from there with `remove_address`, or choose another")]
    InUse {
        /// The address.
        ip: IpAddr,
        /// The host that has it, by the name of its node.
        owner: String,
    },
    /// It is kept for the node of that number: each has such an address of its own.
    #[error("{ip} is kept as the own address of a node; choose one outside of 10.0.0.0/9 and fd00::/105")]
    Reserved {
        /// The address.
        ip: IpAddr,
    },
    /// No host can have it: it is a loopback address, unspecified, a broadcast or a multicast.
    #[error("{ip} cannot be the address of one host")]
    NotOfOneHost {
        /// The address.
        ip: IpAddr,
    },
    /// The host does not have it, or it is the host's own, which stays.
    #[error("{ip} was not given to {host}")]
    NotGiven {
        /// The address.
        ip: IpAddr,
        /// The host, by the name of its node.
        host: String,
    },
}

/// Gives a host a further address, from now on. Every host has one in 10.0.0.0/8 and one in fd00::/64 from the beginning,
/// and those stay. The link to the host is the same whichever of its addresses is used; it sends from the one that shares
/// the first 24 bits (IPv4) or 64 bits (IPv6) with the address of the peer, else from its own.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::{TcpListener, TcpStream, add_address};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async {
///     let server = Node::named("server");
///     add_address("server", "192.168.0.7".parse().unwrap()).unwrap();
///     let listener = server.spawn(TcpListener::bind("192.168.0.7:80")).await.unwrap().unwrap();
///     let stream = TcpStream::connect("192.168.0.7:80").await.unwrap();
///     assert_eq!(stream.peer_addr().unwrap().to_string(), "192.168.0.7:80");
///     let error = TcpStream::connect("server:80").await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused, "nobody listens at 10.0.0.2");
/// }).unwrap();
/// ```
///
/// # Errors
/// If a host has the address, or none can have it.
///
/// # Panics
/// Outside a run, or if there is no such host.
pub fn add_address(host: impl ToHost, ip: IpAddr) -> Result<(), AddressError> {
    let network = Network::current();
    let host = network.locate(host);
    let ip = ip.to_canonical();
    network.with_hosts(|hosts, wire| {
        match place(ip) {
            Place::Loopback | Place::Broadcast { .. } | Place::Multicast => {
                return Err(AddressError::NotOfOneHost { ip });
            }
            Place::Host(owner) if owner.index() < hosts.len() => {
                return Err(AddressError::InUse { ip, owner: wire.name(owner) });
            }
            Place::Host(_) => return Err(AddressError::Reserved { ip }),
            Place::Neighbour | Place::Elsewhere => {}
        }
        let interface = wire.interfaces.at(ip);
        let owner = wire.interfaces.host(interface);
        if owner != HostId::NOBODY {
            return Err(AddressError::InUse { ip, owner: wire.name(owner) });
        }
        move_to(host, interface, hosts, wire);
        Ok(())
    })
}

/// Takes an address from a host that [`add_address`] gave it. Packets to it come to nothing, as do those of connections
/// that the host has with it, until it is given to a host again: its peers do not notice which.
///
/// # Errors
/// If the host was not given the address.
///
/// # Panics
/// Outside a run, or if there is no such host.
pub fn remove_address(host: impl ToHost, ip: IpAddr) -> Result<(), AddressError> {
    let network = Network::current();
    let host = network.locate(host);
    let ip = ip.to_canonical();
    network.with_hosts(|hosts, wire| {
        let given = wire.interfaces.given(ip).filter(|&interface| wire.interfaces.host(interface) == host);
        let interface = given.ok_or_else(|| AddressError::NotGiven { ip, host: wire.name(host) })?;
        move_to(HostId::NOBODY, interface, hosts, wire);
        Ok(())
    })
}

/// The addresses of a host besides its loopback: its own, then those that it was given, in that order.
///
/// # Panics
/// Outside a run, or if there is no such host.
#[must_use]
pub fn addresses(host: impl ToHost) -> Vec<IpAddr> {
    let network = Network::current();
    let host = network.locate(host);
    network.with_hosts(|hosts, wire| {
        let own = [false, true].map(|is_v6| InterfaceId::own(host, is_v6));
        let all = own.iter().chain(hosts[host.index()].given());
        all.map(|&interface| wire.interfaces.ip(interface)).collect()
    })
}

fn move_to(host: HostId, interface: InterfaceId, hosts: &mut [Host], wire: &mut Wire) {
    wire.interfaces.give(interface, host);
    wire.note(|| format!("{} has {}", wire.name(host), wire.interfaces.ip(interface)));
    for host in hosts {
        host.readdress(wire, interface);
    }
}
