//! The ports of a host that are taken, and by which sockets.

use sim_executor::Reuse as _;

use crate::address::{Bound, Endpoint, InterfaceId, SocketId};

/// The protocol whose ports they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Tcp = 0,
    Udp = 1,
}

/// With whom a TCP socket shares its port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// With others that say so as well, unless one of them listens (`SO_REUSEADDR`).
    pub(crate) address: bool,
    /// With others that say so as well (`SO_REUSEPORT`).
    pub(crate) port: bool,
}

impl Sharing {
    /// Whether a socket that is bound leaves the port to another.
    pub(super) fn allows(self, bound: Sharing, bound_listens: bool) -> bool {
        (self.address && bound.address && !bound_listens) || (self.port && bound.port)
    }
}

/// The sockets that a host has bound: listeners and datagram sockets.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    /// Sorted by protocol and port.
    entries: Vec<Binding>,
}

#[derive(Debug)]
pub(super) struct Binding {
    key: u32,
    pub(super) bound: Bound,
    pub(super) socket: SocketId,
}

/// The protocol and the port as one number, as that is quick to compare.
#[inline]
fn key_of(protocol: Protocol, port: u16) -> u32 {
    (protocol as u32) << u16::BITS | u32::from(port)
}

impl Bindings {
    /// Makes it as new, and keeps memory for the next run.
    pub(super) fn renew(&mut self) {
        self.entries.renew();
    }

    /// Those at a port.
    pub(super) fn of(&self, protocol: Protocol, port: u16) -> &[Binding] {
        let key = key_of(protocol, port);
        let start = self.entries.partition_point(|binding| binding.key < key);
        let count = self.entries[start..].iter().take_while(|binding| binding.key == key).count();
        &self.entries[start..start + count]
    }

    /// Whether the port is taken at one of those addresses.
    pub(crate) fn conflicts(&self, protocol: Protocol, port: u16, bound: Bound) -> bool {
        self.of(protocol, port).iter().any(|binding| binding.bound.overlaps(bound))
    }

    /// The socket that packets to this endpoint go to: rather one with that very address.
    #[inline]
    pub(crate) fn find(&self, protocol: Protocol, endpoint: Endpoint) -> Option<SocketId> {
        let key = key_of(protocol, endpoint.port);
        let start = self.entries.partition_point(|binding| binding.key < key);
        let first = self.entries.get(start).filter(|binding| binding.key == key)?;
        if self.entries.get(start + 1).is_some_and(|next| next.key == key) {
            return self.find_among(start, endpoint);
        }
        first.bound.includes(endpoint.interface).then_some(first.socket)
    }

    /// The same where several are at the port, of which the first has that place.
    #[inline(never)]
    fn find_among(&self, start: usize, endpoint: Endpoint) -> Option<SocketId> {
        let key = self.entries[start].key;
        let all = || self.entries[start..].iter().take_while(|binding| binding.key == key);
        let very = all().find(|binding| binding.bound == Bound::At(endpoint.interface));
        let found = very.or_else(|| all().find(|binding| binding.bound.includes(endpoint.interface)));
        found.map(|binding| binding.socket)
    }

    /// All datagram sockets at a port that take what is sent to a group.
    pub(crate) fn all_at(&self, group: InterfaceId, port: u16) -> Vec<SocketId> {
        let bindings = self.of(Protocol::Udp, port).iter();
        bindings.filter(|binding| binding.bound.includes(group)).map(|binding| binding.socket).collect()
    }

    pub(crate) fn add(&mut self, protocol: Protocol, port: u16, bound: Bound, socket: SocketId) {
        let key = key_of(protocol, port);
        let at = self.entries.partition_point(|binding| binding.key <= key);
        self.entries.insert(at, Binding { key, bound, socket });
    }

    /// Another descriptor leads to a socket.
    pub(crate) fn rename(&mut self, from: SocketId, to: SocketId) {
        for binding in self.entries.iter_mut().filter(|binding| binding.socket == from) {
            binding.socket = to;
        }
    }

    /// Takes out whatever a socket has bound.
    pub(crate) fn forget(&mut self, socket: SocketId) {
        self.entries.retain(|binding| binding.socket != socket);
    }

    pub(crate) fn remove(&mut self, protocol: Protocol, port: u16, socket: SocketId) {
        let key = key_of(protocol, port);
        self.entries.retain(|binding| binding.key != key || binding.socket != socket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::HostId;

    fn socket(index: u32) -> SocketId {
        SocketId { index, generation: 0 }
    }

    const V4: InterfaceId = InterfaceId::own(HostId(0), false);
    const V6: InterfaceId = InterfaceId::own(HostId(0), true);

    #[test]
    fn the_wildcard_conflicts_with_every_address_of_the_port_and_protocol() {
        let other = Bound::At(InterfaceId::loopback(HostId(0), false));
        let mut bindings = Bindings::default();
        bindings.add(Protocol::Tcp, 7, Bound::At(V4), socket(1));
        for taken in [Bound::At(V4), Bound::AllV4, Bound::All] {
            assert!(bindings.conflicts(Protocol::Tcp, 7, taken), "{taken:?}");
        }
        assert!(!bindings.conflicts(Protocol::Tcp, 7, other));
        assert!(!bindings.conflicts(Protocol::Tcp, 7, Bound::At(V6)));
        assert!(!bindings.conflicts(Protocol::Udp, 7, Bound::All));
        assert!(!bindings.conflicts(Protocol::Tcp, 8, Bound::All));
        bindings.remove(Protocol::Tcp, 7, socket(1));
        assert!(!bindings.conflicts(Protocol::Tcp, 7, Bound::All));
    }

    #[test]
    fn packets_go_rather_to_the_socket_with_their_very_address() {
        let loopback = InterfaceId::loopback(HostId(0), false);
        let mut bindings = Bindings::default();
        // The kernel would refuse this; the table need not know.
        bindings.add(Protocol::Udp, 7, Bound::AllV4, socket(1));
        bindings.add(Protocol::Udp, 7, Bound::At(loopback), socket(2));
        let find = |interface| bindings.find(Protocol::Udp, Endpoint { interface, port: 7 });
        assert_eq!((find(V4), find(loopback)), (Some(socket(1)), Some(socket(2))));
        assert_eq!(find(V6), None, "it is not among the addresses of IPv4");
        assert_eq!(bindings.find(Protocol::Tcp, Endpoint { interface: V4, port: 7 }), None);
    }
}
