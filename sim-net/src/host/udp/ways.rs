//! The ways that a datagram socket has found, by the addresses to which it sends.

use std::net::{IpAddr, SocketAddr};

use crate::address::{Endpoint, InterfaceId};
use crate::link::LinkId;

/// Where datagrams to an address go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    pub(super) local: InterfaceId,
    pub(super) remote: Endpoint,
    /// To the one host; to the own if there are many.
    pub(super) link: LinkId,
}

/// A table in which each address has one place, where the latest way is kept of all that share it.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// None, or a power of two.
    places: Vec<Option<(SocketAddr, Destination)>>,
}

const PLACES_MAX: usize = 64;

impl Ways {
    /// The way to an address, if it is still known.
    #[inline]
    pub(super) fn find(&self, address: &SocketAddr) -> Option<Destination> {
        match self.places.get(self.place_of(address)) {
            Some(Some((known, destination))) if known == address => Some(*destination),
            _ => None,
        }
    }

    /// Keeps the way to an address. None leads to port 0, to which a socket can be connected, but not send.
    pub(super) fn remember(&mut self, address: SocketAddr, destination: Destination) {
        if address.port() == 0 {
            return;
        }
        if self.places.is_empty() {
            self.places.push(None);
        }
        while self.places.len() < PLACES_MAX
            && self.places[self.place_of(&address)].is_some_and(|(known, _)| known != address)
        {
            self.grow();
        }
        let place = self.place_of(&address);
        self.places[place] = Some((address, destination));
    }

    fn grow(&mut self) {
        let places = 2 * self.places.len();
        let known = std::mem::replace(&mut self.places, vec![None; places]);
        for (address, destination) in known.into_iter().flatten() {
            let place = self.place_of(&address);
            self.places[place] = Some((address, destination));
        }
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    #[inline]
    fn place_of(&self, address: &SocketAddr) -> usize {
        let low_bits = match address.ip() {
            IpAddr::V4(ip) => ip.to_bits() as usize,
            IpAddr::V6(ip) => ip.to_bits() as usize,
        };
        low_bits.wrapping_add(usize::from(address.port())) & self.places.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{Endpoint, HostId, InterfaceId};
    use crate::link::{LinkConfig, Links};

    fn to(host: u32) -> (SocketAddr, Destination) {
        let remote = Endpoint { interface: InterfaceId::own(HostId(host), false), port: 7 };
        let link = Links::default().between(HostId(0), HostId(host), &LinkConfig::default());
        let local = InterfaceId::own(HostId(0), false);
        (SocketAddr::from(([10, 0, (host >> 8) as u8, host as u8], 7)), Destination { local, remote, link })
    }

    #[test]
    fn each_of_a_few_neighbours_is_kept_and_of_many_the_latest() {
        let mut ways = Ways::default();
        let found =
            |ways: &Ways, host| ways.find(&to(host).0).map(|destination| destination.remote.interface);
        assert_eq!(found(&ways, 1), None);
        for host in 0..1_000 {
            let (address, destination) = to(host);
            ways.remember(address, destination);
            assert_eq!(found(&ways, host), Some(destination.remote.interface));
        }
        assert_eq!(ways.places.len(), PLACES_MAX);
        assert!((1_000 - PLACES_MAX as u32..1_000).all(|host| found(&ways, host).is_some()));
        assert_eq!(found(&ways, 1), None);
        ways.clear();
        assert_eq!(found(&ways, 999), None);
    }

    #[test]
    fn no_way_leads_to_port_zero() {
        let mut ways = Ways::default();
        let (mut address, destination) = to(1);
        address.set_port(0);
        ways.remember(address, destination);
        assert!(ways.find(&address).is_none());
    }
}
