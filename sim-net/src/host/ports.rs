//! Which ports of a host are taken.

use sim_executor::{Label, context};

use super::sockets::Socket;
use super::{EPHEMERAL_MIN, Host, Kernel, Known};
use crate::address::{Bound, Endpoint, InterfaceId, Pair, SocketId};
use crate::errno::Errno;

/// Which of the listeners that share a port gets a connection.
const REUSE_PORT: Label = Label::new("tcp.reuseport");

/// The protocol whose ports they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
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
    fn allows(self, bound: Sharing, bound_listens: bool) -> bool {
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
struct Binding {
    key: (Protocol, u16),
    bound: Bound,
    socket: SocketId,
}

impl Bindings {
    fn of(&self, protocol: Protocol, port: u16) -> &[Binding] {
        let key = (protocol, port);
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
        let key = (protocol, endpoint.port);
        let start = self.entries.partition_point(|binding| binding.key < key);
        let mut found = None;
        for binding in self.entries[start..].iter().take_while(|binding| binding.key == key) {
            if binding.bound == Bound::At(endpoint.interface) {
                return Some(binding.socket);
            }
            if found.is_none() && binding.bound.includes(endpoint.interface) {
                found = Some(binding.socket);
            }
        }
        found
    }

    /// All datagram sockets at a port that take what is sent to a group.
    pub(crate) fn all_at(&self, group: InterfaceId, port: u16) -> Vec<SocketId> {
        let bindings = self.of(Protocol::Udp, port).iter();
        bindings.filter(|binding| binding.bound.includes(group)).map(|binding| binding.socket).collect()
    }

    pub(crate) fn add(&mut self, protocol: Protocol, port: u16, bound: Bound, socket: SocketId) {
        let key = (protocol, port);
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
        let key = (protocol, port);
        self.entries.retain(|binding| binding.key != key || binding.socket != socket);
    }
}

impl Host {
    /// The next port to try.
    fn next_ephemeral(&mut self, protocol: Protocol) -> u16 {
        let next = &mut self.ephemeral_next[protocol as usize];
        let port = *next;
        *next = port.checked_add(1).unwrap_or(EPHEMERAL_MIN);
        port
    }

    /// Whether a connection has the port, or had it until lately, and does not share it.
    fn has_connection(&self, port: u16, interface: InterfaceId, sharing: Sharing) -> bool {
        let from = Pair { local: Endpoint { interface, port }, remote: Endpoint::LEAST };
        let mut connections = self.connections.range(from..).take_while(|(pair, _)| pair.local == from.local);
        connections.any(|(_, known)| match known {
            Known::Connection(socket) => match self.sockets.get(*socket) {
                Some(Socket::Stream(stream)) => !sharing.allows(stream.sharing, false),
                _ => false,
            },
            Known::TimeWait { sharing: bound, .. } => !sharing.allows(*bound, false),
        })
    }

    /// Whether a socket that is bound to the port, and does not share it, has an address of these.
    fn has_bound(&self, port: u16, bound: Bound, sharing: Sharing) -> bool {
        let bindings = self.bindings.of(Protocol::Tcp, port).iter();
        let mut overlapping = bindings.filter(|binding| binding.bound.overlaps(bound));
        overlapping.any(|binding| match self.sockets.get(binding.socket) {
            Some(Socket::Fresh(fresh)) => !sharing.allows(fresh.settings.sharing, false),
            Some(Socket::Listener(listener)) => !sharing.allows(listener.settings.sharing, true),
            _ => true,
        })
    }
}

impl Kernel<'_> {
    /// A port for a socket that asks for this one, or with zero for any.
    pub(super) fn port_to_bind(&mut self, protocol: Protocol, bound: Bound, port: u16) -> Result<u16, Errno> {
        self.free_port(protocol, port, |host, port| !host.bindings.conflicts(protocol, port, bound))
    }

    /// [`Kernel::port_to_bind`] for a TCP socket, which may share its port.
    pub(super) fn tcp_port_to_bind(
        &mut self,
        bound: Bound,
        port: u16,
        sharing: Sharing,
    ) -> Result<u16, Errno> {
        self.forget_expired();
        // Who asks for any port gets one for itself.
        let sharing = if port == 0 { Sharing::default() } else { sharing };
        self.free_port(Protocol::Tcp, port, |host, port| {
            let mut interfaces = host.interfaces().filter(|&interface| bound.includes(interface));
            let is_used = interfaces.any(|interface| host.has_connection(port, interface, sharing));
            !is_used && !host.has_bound(port, bound, sharing)
        })
    }

    fn free_port(
        &mut self,
        protocol: Protocol,
        port: u16,
        is_free: impl Fn(&Host, u16) -> bool,
    ) -> Result<u16, Errno> {
        if port != 0 {
            return if is_free(self.host, port) { Ok(port) } else { Err(Errno::AddrInUse) };
        }
        for _ in EPHEMERAL_MIN..=u16::MAX {
            let port = self.host.next_ephemeral(protocol);
            if is_free(self.host, port) {
                return Ok(port);
            }
        }
        Err(Errno::AddrInUse)
    }

    /// Whether somebody listens there already, and does not share the port.
    pub(super) fn has_other_listener(&self, bound: Bound, port: u16, sharing: Sharing) -> bool {
        let bindings = self.host.bindings.of(Protocol::Tcp, port).iter();
        let mut overlapping = bindings.filter(|binding| binding.bound.overlaps(bound));
        overlapping.any(|binding| match self.host.sockets.get(binding.socket) {
            Some(Socket::Listener(listener)) => !sharing.allows(listener.settings.sharing, true),
            _ => false,
        })
    }

    /// Who listens at an endpoint: rather one with that very address; of several that share the port, one that is drawn.
    pub(super) fn listener_at(&self, endpoint: Endpoint) -> Option<SocketId> {
        let bindings = self.host.bindings.of(Protocol::Tcp, endpoint.port).iter();
        let is_listening =
            |binding: &&Binding| matches!(self.host.sockets.get(binding.socket), Some(Socket::Listener(_)));
        let listeners = bindings.filter(is_listening);
        let exact = Bound::At(endpoint.interface);
        let found = listeners.clone().find(|binding| binding.bound == exact);
        let found =
            found.or_else(|| listeners.clone().find(|binding| binding.bound.includes(endpoint.interface)))?;
        let mut alike = listeners.filter(|binding| binding.bound == found.bound);
        let last = alike.clone().count() as u64 - 1;
        if last == 0 {
            return Some(found.socket);
        }
        let actor = context::actor(format!("tcp:{}", self.wire.show(endpoint)));
        let drawn = context::ask_int(actor, REUSE_PORT, 0, last, 0);
        alike.nth(drawn as usize).map(|binding| binding.socket)
    }

    /// The local end of a new connection to `remote`.
    pub(super) fn endpoint_to_connect(
        &mut self,
        interface: InterfaceId,
        remote: Endpoint,
    ) -> Result<Endpoint, Errno> {
        for _ in EPHEMERAL_MIN..=u16::MAX {
            let local = Endpoint { interface, port: self.host.next_ephemeral(Protocol::Tcp) };
            let is_bound = self.host.bindings.conflicts(Protocol::Tcp, local.port, Bound::At(interface));
            if !is_bound && !self.host.connections.contains_key(&Pair { local, remote }) {
                return Ok(local);
            }
        }
        Err(Errno::AddrNotAvailable)
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
