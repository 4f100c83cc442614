//! Who has which address: hosts, their interfaces, endpoints.
//!
//! Addresses are numbered once, so that packets and tables hold small integers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A host, numbered as its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostId(pub(crate) u32);

impl HostId {
    /// Of an address that no host has.
    pub(crate) const NOBODY: HostId = HostId(u32::MAX);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The host's address: 10.0.0.1 for the first, and so on.
    pub(crate) fn ip(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(NETWORK + 1 + self.0)
    }
}

/// An address on a host. Loopback addresses of two hosts are two interfaces.
///
/// The two that every host has follow from its number; the others are in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InterfaceId(u32);

/// From this number on interfaces are in the table.
const FURTHER: u32 = 1 << 31;
const _: () = assert!(2 * HOSTS_MAX < FURTHER);

impl InterfaceId {
    /// With the host's own address.
    pub(crate) const fn primary(host: HostId) -> Self {
        InterfaceId(2 * host.0)
    }

    /// With 127.0.0.1.
    pub(crate) const fn loopback(host: HostId) -> Self {
        InterfaceId(2 * host.0 + 1)
    }
}

/// A port of an interface: what a socket is bound or connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub(crate) interface: InterfaceId,
    pub(crate) port: u16,
}

impl Endpoint {
    /// Not after any other.
    pub(crate) const LEAST: Endpoint = Endpoint { interface: InterfaceId(0), port: 0 };
}

/// The two ends of a connection, as one of them sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) local: Endpoint,
    pub(crate) remote: Endpoint,
}

impl Pair {
    /// As the other end sees them.
    pub(crate) fn reversed(self) -> Pair {
        Pair { local: self.remote, remote: self.local }
    }
}

/// The network of all hosts, 10.0.0.0/8.
const NETWORK: u32 = Ipv4Addr::new(10, 0, 0, 0).to_bits();
const NETWORK_HOSTS: u32 = 1 << 24;
/// Hosts that fit into the network; its last address is for broadcasts.
pub(crate) const HOSTS_MAX: u32 = NETWORK_HOSTS - 2;

/// Where an address of the network leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To the host that asks.
    Loopback,
    /// To the host with this number, if there is one.
    Host(HostId),
    /// Nowhere.
    Unknown,
}

/// Where an address leads.
pub(crate) fn place(ip: IpAddr) -> Place {
    let IpAddr::V4(ip) = ip.to_canonical() else { return Place::Unknown };
    if ip.is_loopback() || ip.is_unspecified() {
        return Place::Loopback;
    }
    match ip.to_bits().wrapping_sub(NETWORK + 1) {
        host if host < HOSTS_MAX => Place::Host(HostId(host)),
        _ => Place::Unknown,
    }
}

/// All interfaces of a network.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    /// Those besides the two that every host has.
    further: Vec<Interface>,
}

#[derive(Debug)]
struct Interface {
    host: HostId,
    ip: IpAddr,
}

impl Interfaces {
    /// Adds one besides the two that every host has.
    pub(crate) fn add(&mut self, host: HostId, ip: IpAddr) -> InterfaceId {
        self.further.push(Interface { host, ip });
        InterfaceId(FURTHER + (self.further.len() - 1) as u32)
    }

    pub(crate) fn host(&self, interface: InterfaceId) -> HostId {
        match interface.0.checked_sub(FURTHER) {
            Some(further) => self.further[further as usize].host,
            None => HostId(interface.0 / 2),
        }
    }

    pub(crate) fn ip(&self, interface: InterfaceId) -> IpAddr {
        match interface.0.checked_sub(FURTHER) {
            Some(further) => self.further[further as usize].ip,
            None if interface.0 % 2 == 1 => Ipv4Addr::LOCALHOST.into(),
            None => HostId(interface.0 / 2).ip().into(),
        }
    }

    pub(crate) fn address(&self, endpoint: Endpoint) -> SocketAddr {
        SocketAddr::new(self.ip(endpoint.interface), endpoint.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_the_addresses_from_10_0_0_1_on() {
        assert_eq!(HostId(0).ip(), Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(HostId(255).ip(), Ipv4Addr::new(10, 0, 1, 0));
        assert_eq!(place(HostId(300).ip().into()), Place::Host(HostId(300)));
    }

    #[test]
    fn an_interface_knows_its_host_and_address() {
        let mut interfaces = Interfaces::default();
        let (host, other_ip) = (HostId(7), IpAddr::from([127, 0, 0, 9]));
        let further = interfaces.add(host, other_ip);
        let all = [InterfaceId::primary(host), InterfaceId::loopback(host), further];
        assert_eq!(all.map(|interface| interfaces.host(interface)), [host; 3]);
        let ips = [host.ip().into(), Ipv4Addr::LOCALHOST.into(), other_ip];
        assert_eq!(all.map(|interface| interfaces.ip(interface)), ips);
    }

    #[test]
    fn other_addresses_lead_to_the_host_itself_or_nowhere() {
        assert_eq!(place("127.0.0.9".parse().unwrap()), Place::Loopback);
        assert_eq!(place("0.0.0.0".parse().unwrap()), Place::Loopback);
        for nowhere in ["10.0.0.0", "10.255.255.255", "11.0.0.1", "9.255.255.255", "::1", "2001:db8::1"] {
            assert_eq!(place(nowhere.parse().unwrap()), Place::Unknown, "{nowhere}");
        }
    }
}
