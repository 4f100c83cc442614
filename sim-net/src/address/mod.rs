//! Who has which address: hosts, their interfaces, endpoints.
//!
//! Addresses are numbered once, so that packets and tables hold small integers.

mod groups;
mod place;
mod socket_id;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

use sim_executor::Reuse as _;

pub(crate) use groups::Groups;
pub(crate) use place::{Place, place, share_network};
pub(crate) use socket_id::SocketId;

/// A host, numbered as its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostId(pub(crate) u32);

/// Hosts that have addresses of their own: as many as half of 10.0.0.0/8 has.
pub(crate) const HOSTS_MAX: u32 = (1 << 23) - 1;

impl HostId {
    /// Of an address that no host has.
    pub(crate) const NOBODY: HostId = HostId(u32::MAX);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An address on a host. Loopback addresses of two hosts are two interfaces.
///
/// The four that every host has follow from its number; the others are in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InterfaceId(u32);

/// The lowest bits say what kind of address it is.
const LOOPBACK: u32 = 1;
const V6: u32 = 1 << 1;
const GROUP: u32 = 1 << 2;
const KIND_BITS: u32 = 3;
/// With this bit the others are the place in the table, else they are the number of the host.
const FURTHER: u32 = 1 << 31;
const _: () = assert!(HOSTS_MAX << KIND_BITS < FURTHER);

const fn family(is_v6: bool) -> u32 {
    if is_v6 { V6 } else { 0 }
}

impl InterfaceId {
    /// With the host's own address of that family.
    pub(crate) const fn own(host: HostId, is_v6: bool) -> Self {
        InterfaceId((host.0 << KIND_BITS) | family(is_v6))
    }

    /// With 127.0.0.1 or ::1.
    pub(crate) const fn loopback(host: HostId, is_v6: bool) -> Self {
        InterfaceId((host.0 << KIND_BITS) | family(is_v6) | LOOPBACK)
    }

    pub(crate) const fn is_loopback(self) -> bool {
        self.0 & LOOPBACK != 0
    }

    pub(crate) const fn is_v6(self) -> bool {
        self.0 & V6 != 0
    }

    /// Whether it is no host's, but that of a broadcast or of those who have joined it.
    pub(crate) const fn is_group(self) -> bool {
        self.0 & GROUP != 0
    }

    /// The same group in the loopback, or outside of it.
    pub(crate) fn in_loopback(self, is_loopback: bool) -> Self {
        assert!(self.is_group(), "{self:?} is not the address of a group");
        InterfaceId(if is_loopback { self.0 | LOOPBACK } else { self.0 & !LOOPBACK })
    }

    /// Whether it is a host's own address of IPv4.
    #[inline]
    const fn is_own_v4(self) -> bool {
        self.0 & (FURTHER | GROUP | V6 | LOOPBACK) == 0
    }

    /// Its place in the table, if it is there.
    const fn further(self) -> Option<usize> {
        if self.0 & FURTHER == 0 { None } else { Some(((self.0 & !FURTHER) >> KIND_BITS) as usize) }
    }
}

/// Where on its host a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At one address.
    At(InterfaceId),
    /// At all IPv4 addresses.
    AllV4,
    /// At all addresses of both families, as Linux has it unless it is told otherwise.
    All,
}

impl Bound {
    /// Whether there is an address at which both are.
    pub(crate) fn overlaps(self, other: Bound) -> bool {
        match (self, other) {
            (Bound::At(one), Bound::At(other)) => one == other,
            (Bound::At(one), Bound::AllV4) | (Bound::AllV4, Bound::At(one)) => !one.is_v6(),
            _ => true,
        }
    }

    /// Whether it is there.
    pub(crate) fn includes(self, interface: InterfaceId) -> bool {
        self.overlaps(Bound::At(interface))
    }

    /// The address from which it sends, if that is settled.
    pub(crate) fn source(self) -> Option<InterfaceId> {
        match self {
            Bound::At(interface) if !interface.is_group() => Some(interface),
            _ => None,
        }
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

/// All interfaces of a network.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    /// Those besides the ones that every host has.
    further: Vec<Interface>,
    /// Those of them that are not in a loopback, by their addresses.
    by_ip: BTreeMap<IpAddr, InterfaceId>,
}

#[derive(Debug)]
struct Interface {
    host: HostId,
    ip: IpAddr,
}

impl Interfaces {
    /// Makes it as new, and keeps memory for the next run.
    pub(crate) fn renew(&mut self) {
        let Interfaces { further, by_ip } = self;
        further.renew();
        by_ip.renew();
    }

    /// Adds a loopback address besides those that every host has.
    pub(crate) fn add_loopback(&mut self, host: HostId, ip: IpAddr) -> InterfaceId {
        self.add(host, ip, LOOPBACK)
    }

    fn add(&mut self, host: HostId, ip: IpAddr, kind: u32) -> InterfaceId {
        let index = self.further.len() as u32;
        assert!(index << KIND_BITS < FURTHER, "more than {index} addresses were used");
        self.further.push(Interface { host, ip });
        InterfaceId(FURTHER | (index << KIND_BITS) | family(ip.is_ipv6()) | kind)
    }

    /// The interface with an address that is no host's own. If it was not used before, nobody has it.
    pub(crate) fn at(&mut self, ip: IpAddr) -> InterfaceId {
        if let Some(&interface) = self.by_ip.get(&ip) {
            return interface;
        }
        let is_group = matches!(place(ip), Place::Broadcast { .. } | Place::Multicast);
        let interface = self.add(HostId::NOBODY, ip, if is_group { GROUP } else { 0 });
        self.by_ip.insert(ip, interface);
        interface
    }

    /// The interface with an address that was given to a host.
    pub(crate) fn given(&self, ip: IpAddr) -> Option<InterfaceId> {
        let &interface = self.by_ip.get(&ip)?;
        (self.host(interface) != HostId::NOBODY).then_some(interface)
    }

    /// Gives an address that is no host's own to a host, or takes it.
    pub(crate) fn give(&mut self, interface: InterfaceId, host: HostId) {
        assert!(!interface.is_loopback() && !interface.is_group(), "{interface:?} cannot be given");
        let further = interface.further().expect("a host's own address is not given");
        self.further[further].host = host;
    }

    #[inline]
    pub(crate) fn host(&self, interface: InterfaceId) -> HostId {
        match interface.further() {
            Some(further) => self.further[further].host,
            None => HostId(interface.0 >> KIND_BITS),
        }
    }

    pub(crate) fn ip(&self, interface: InterfaceId) -> IpAddr {
        match interface.further() {
            Some(further) => self.further[further].ip,
            None if interface == InterfaceId::loopback(self.host(interface), false) => {
                Ipv4Addr::LOCALHOST.into()
            }
            None if interface.is_loopback() => Ipv6Addr::LOCALHOST.into(),
            None if interface.is_v6() => self.host(interface).ip_v6().into(),
            None => self.host(interface).ip().into(),
        }
    }

    pub(crate) fn address(&self, endpoint: Endpoint) -> SocketAddr {
        SocketAddr::new(self.ip(endpoint.interface), endpoint.port)
    }

    /// The address as a socket of that family shows it: IPv4 is mapped into IPv6.
    #[inline]
    pub(crate) fn address_for(&self, is_v6: bool, endpoint: Endpoint) -> SocketAddr {
        let Endpoint { interface, port } = endpoint;
        if !is_v6 && interface.is_own_v4() {
            return SocketAddrV4::new(HostId(interface.0 >> KIND_BITS).ip(), port).into();
        }
        self.any_address_for(is_v6, endpoint)
    }

    #[inline(never)]
    fn any_address_for(&self, is_v6: bool, endpoint: Endpoint) -> SocketAddr {
        match self.address(endpoint) {
            SocketAddr::V4(address) if is_v6 => (address.ip().to_ipv6_mapped(), address.port()).into(),
            address => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_knows_its_host_address_and_kind() {
        let mut interfaces = Interfaces::default();
        let (host, second_ip) = (HostId(7), IpAddr::from([127, 0, 0, 9]));
        let second = interfaces.add_loopback(host, second_ip);
        let all = [
            (InterfaceId::own(host, false), host.ip().into(), (false, false)),
            (InterfaceId::own(host, true), host.ip_v6().into(), (false, true)),
            (InterfaceId::loopback(host, false), Ipv4Addr::LOCALHOST.into(), (true, false)),
            (InterfaceId::loopback(host, true), Ipv6Addr::LOCALHOST.into(), (true, true)),
            (second, second_ip, (true, false)),
        ];
        for (interface, ip, kind) in all {
            assert_eq!((interfaces.host(interface), interfaces.ip(interface)), (host, ip));
            assert_eq!((interface.is_loopback(), interface.is_v6()), kind, "{ip}");
            assert!(!interface.is_group());
        }
    }

    #[test]
    fn an_address_keeps_its_number_whoever_has_it() {
        let mut interfaces = Interfaces::default();
        let ip = IpAddr::from([192, 168, 0, 1]);
        let interface = interfaces.at(ip);
        assert_eq!(interfaces.given(ip), None);
        for host in [HostId(3), HostId(4)] {
            interfaces.give(interface, host);
            assert_eq!((interfaces.given(ip), interfaces.host(interface)), (Some(interface), host));
        }
        interfaces.give(interface, HostId::NOBODY);
        assert_eq!((interfaces.given(ip), interfaces.at(ip)), (None, interface));
    }

    #[test]
    fn a_group_is_one_in_the_loopback_and_one_outside() {
        let mut interfaces = Interfaces::default();
        let ip = IpAddr::from([239, 1, 2, 3]);
        let group = interfaces.at(ip);
        let inside = group.in_loopback(true);
        assert!(group.is_group() && inside.is_group() && inside.is_loopback() && group != inside);
        assert_eq!((inside.in_loopback(false), interfaces.ip(inside)), (group, ip));
        assert_eq!(interfaces.given(ip), None);
    }

    #[test]
    fn all_addresses_overlap_with_those_of_their_family() {
        let (v4, v6) = (InterfaceId::own(HostId(0), false), InterfaceId::own(HostId(0), true));
        assert!(Bound::All.overlaps(Bound::AllV4) && Bound::AllV4.overlaps(Bound::All));
        assert!(Bound::All.includes(v4) && Bound::All.includes(v6));
        assert!(Bound::AllV4.includes(v4) && !Bound::AllV4.includes(v6));
        assert!(Bound::At(v4).includes(v4) && !Bound::At(v4).includes(v6));
    }

    #[test]
    fn a_socket_of_ipv6_shows_ipv4_mapped() {
        let interfaces = Interfaces::default();
        let endpoint = Endpoint { interface: InterfaceId::own(HostId(1), false), port: 7 };
        assert_eq!(interfaces.address_for(false, endpoint).to_string(), "10.0.0.2:7");
        assert_eq!(interfaces.address_for(true, endpoint).to_string(), "[::ffff:10.0.0.2]:7");
    }
}
