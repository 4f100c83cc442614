//! Which port of a host a socket gets, and whose a port is.

use sim_executor::{Label, context};

use super::bindings::{Binding, Protocol, Sharing};
use super::sockets::Socket;
use super::{EPHEMERAL_MIN, Host, Kernel, Known};
use crate::address::{Bound, Endpoint, InterfaceId, Pair, SocketId};
use crate::errno::Errno;

/// Which of the listeners that share a port gets a connection.
const REUSE_PORT: Label = Label::new("tcp.reuseport");

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
            let is_used = !host.connections.is_empty()
                && interfaces.any(|interface| host.has_connection(port, interface, sharing));
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
            // Linux may connect a socket to itself where nobody listens, but seldom: it draws the port.
            let is_itself = local == remote;
            if !is_bound && !is_itself && !self.host.connections.contains_key(&Pair { local, remote }) {
                return Ok(local);
            }
        }
        Err(Errno::AddrNotAvailable)
    }
}
