//! Where an address leads, as far as the address itself tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{HOSTS_MAX, HostId};

/// The network of all hosts, 10.0.0.0/8. The lower half of it has the hosts' own addresses.
const NETWORK_V4: u32 = Ipv4Addr::new(10, 0, 0, 0).to_bits();
const NETWORK_V4_BITS: u32 = 8;
const BROADCAST: Ipv4Addr = Ipv4Addr::from_bits(NETWORK_V4 | (u32::MAX >> NETWORK_V4_BITS));
const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);
/// The same in IPv6, fd00::/64.
const NETWORK_V6: u128 = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0).to_bits();
const NETWORK_V6_BITS: u32 = 64;

const _: () = assert!(HOSTS_MAX < 1 << (31 - NETWORK_V4_BITS));

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To the host that asks.
    Loopback,
    /// To the host with this number, if there is one.
    Host(HostId),
    /// To whom it was given, if anybody; the network of all hosts includes it.
    Neighbour,
    /// To whom it was given, if anybody.
    Elsewhere,
    /// To all hosts, or in the loopback to the one that asks.
    Broadcast { is_loopback: bool },
    /// To those who have joined it.
    Multicast,
}

/// Where an address leads. One that is mapped into IPv6 leads where it does in IPv4.
#[inline]
pub(crate) fn place(ip: IpAddr) -> Place {
    match ip.to_canonical() {
        IpAddr::V4(ip) => place_v4(ip),
        IpAddr::V6(ip) => place_v6(ip),
    }
}

#[inline]
fn place_v4(ip: Ipv4Addr) -> Place {
    match ip.to_bits().wrapping_sub(NETWORK_V4 + 1) {
        host if host < HOSTS_MAX => Place::Host(HostId(host)),
        _ if ip == LOOPBACK_BROADCAST => Place::Broadcast { is_loopback: true },
        _ if ip == BROADCAST || ip == Ipv4Addr::BROADCAST => Place::Broadcast { is_loopback: false },
        _ if ip.is_loopback() || ip.is_unspecified() => Place::Loopback,
        _ if ip.is_multicast() => Place::Multicast,
        _ if (ip.to_bits() ^ NETWORK_V4) >> (32 - NETWORK_V4_BITS) == 0 => Place::Neighbour,
        _ => Place::Elsewhere,
    }
}

fn place_v6(ip: Ipv6Addr) -> Place {
    match ip.to_bits().wrapping_sub(NETWORK_V6 + 1) {
        host if host < u128::from(HOSTS_MAX) => Place::Host(HostId(host as u32)),
        _ if ip.is_loopback() || ip.is_unspecified() => Place::Loopback,
        _ if ip.is_multicast() => Place::Multicast,
        _ if (ip.to_bits() ^ NETWORK_V6) >> (128 - NETWORK_V6_BITS) == 0 => Place::Neighbour,
        _ => Place::Elsewhere,
    }
}

impl HostId {
    /// The host's own address: 10.0.0.1 for the first, and so on.
    #[inline]
    pub(crate) fn ip(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(NETWORK_V4 + 1 + self.0)
    }

    /// The host's own address in IPv6: fd00::1 for the first, and so on.
    pub(crate) fn ip_v6(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(NETWORK_V6 + 1 + u128::from(self.0))
    }
}

/// Whether two addresses are in one network of the size that is common: 24 bits of prefix in IPv4, 64 in IPv6.
pub(crate) fn share_network(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()) >> 8 == 0,
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()) >> 64 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> Place {
        place(ip.parse().unwrap())
    }

    #[test]
    fn hosts_have_the_addresses_from_10_0_0_1_and_fd00_1_on() {
        assert_eq!(HostId(0).ip(), Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(HostId(255).ip(), Ipv4Addr::new(10, 0, 1, 0));
        assert_eq!(HostId(255).ip_v6().to_string(), "fd00::100");
        for host in [HostId(0), HostId(300), HostId(HOSTS_MAX - 1)] {
            assert_eq!(place(host.ip().into()), Place::Host(host));
            assert_eq!(place(host.ip_v6().into()), Place::Host(host));
            assert_eq!(place(host.ip().to_ipv6_mapped().into()), Place::Host(host));
        }
    }

    #[test]
    fn what_is_no_hosts_own_leads_to_the_host_itself_to_many_or_to_whom_it_is_given() {
        for itself in ["127.0.0.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"] {
            assert_eq!(at(itself), Place::Loopback, "{itself}");
        }
        for elsewhere in ["11.0.0.1", "9.255.255.255", "192.168.0.1", "2001:db8::1", "fd01::1"] {
            assert_eq!(at(elsewhere), Place::Elsewhere, "{elsewhere}");
        }
        for neighbour in ["10.0.0.0", "10.128.0.1", "10.255.255.254", "fd00::", "fd00::80:0"] {
            assert_eq!(at(neighbour), Place::Neighbour, "{neighbour}");
        }
        for many in ["10.255.255.255", "255.255.255.255"] {
            assert_eq!(at(many), Place::Broadcast { is_loopback: false }, "{many}");
        }
        assert_eq!(at("127.255.255.255"), Place::Broadcast { is_loopback: true });
        assert_eq!((at("224.0.0.1"), at("ff02::1")), (Place::Multicast, Place::Multicast));
    }

    #[test]
    fn networks_are_of_one_family() {
        let share = |one: &str, other: &str| share_network(one.parse().unwrap(), other.parse().unwrap());
        assert!(share("192.168.1.1", "192.168.1.200") && !share("192.168.1.1", "192.168.2.1"));
        assert!(share("2001:db8::1", "2001:db8::2") && !share("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!share("0.0.0.1", "::1"));
    }
}
