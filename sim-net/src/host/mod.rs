//! The kernel of a host: sockets by their descriptors, with calls that never wait.
//!
//! Nothing here knows who calls: the async types do, and something else may.

mod ports;
mod sockets;
mod tcp_calls;
mod tcp_input;
mod udp;
mod waiters;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Waker;

use sim_executor::{Instant, context};

use crate::address::{Endpoint, HostId, InterfaceId, Pair, Place, place};
use crate::errno::Errno;
use crate::tcp::TimeWait;
use crate::wire::Wire;

pub(crate) use sockets::{SocketId, Stream};
pub(crate) use waiters::{Interest, Waiters};

use ports::Bindings;
use sockets::{Socket, Sockets};

/// One host, as the network keeps it.
pub(crate) struct Host {
    id: HostId,
    /// Further loopback addresses, such as 127.0.0.2, once they were used.
    loopbacks: Vec<InterfaceId>,
    sockets: Sockets,
    bindings: Bindings,
    /// The connections of the host by their addresses, for packets that do not say to which socket they go.
    connections: BTreeMap<Pair, Known>,
    /// Those in TIME-WAIT, by the time at which they are looked at again.
    expiring: VecDeque<(Instant, Pair)>,
    ephemeral_next: u16,
}

/// What the host knows of a pair of addresses.
#[derive(Clone, Copy, Debug)]
enum Known {
    Connection(SocketId),
    TimeWait {
        time_wait: TimeWait,
        /// As [`Stream::is_active`] was.
        is_active: bool,
    },
}

/// Ports that are given to sockets which do not ask for one.
const EPHEMERAL_MIN: u16 = 49_152;
/// Pairs of addresses that a host remembers in TIME-WAIT; the oldest are forgotten.
const TIME_WAITS_MAX: usize = 65_536;

impl Host {
    pub(crate) fn new(id: HostId) -> Self {
        Host {
            id,
            loopbacks: Vec::new(),
            sockets: Sockets::default(),
            bindings: Bindings::default(),
            connections: BTreeMap::new(),
            expiring: VecDeque::new(),
            ephemeral_next: EPHEMERAL_MIN,
        }
    }

    /// The connections that have not ended.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.sockets.streams()
    }

    /// The connection with these addresses.
    pub(crate) fn stream_of(&self, pair: Pair) -> Option<&Stream> {
        match self.connections.get(&pair)? {
            &Known::Connection(socket) => match self.sockets.get(socket)? {
                Socket::Stream(stream) => Some(stream),
                _ => None,
            },
            Known::TimeWait { .. } => None,
        }
    }

    fn primary(&self) -> InterfaceId {
        InterfaceId::primary(self.id)
    }

    /// The interface with this loopback address.
    fn loopback(&mut self, wire: &mut Wire, ip: IpAddr) -> InterfaceId {
        let loopback = InterfaceId::loopback(self.id);
        if ip.is_unspecified() || wire.interfaces.ip(loopback) == ip {
            return loopback;
        }
        if let Some(&known) = self.loopbacks.iter().find(|&&known| wire.interfaces.ip(known) == ip) {
            return known;
        }
        let interface = wire.interfaces.add(self.id, ip);
        self.loopbacks.push(interface);
        interface
    }

    /// The interfaces of the host.
    fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        [self.primary(), InterfaceId::loopback(self.id)].into_iter().chain(self.loopbacks.iter().copied())
    }
}

/// A host and what is around it, for one call or packet.
pub(crate) struct Kernel<'a> {
    host: &'a mut Host,
    wire: &'a mut Wire,
    /// How many hosts there are.
    hosts: u32,
    /// The time, once it was asked for.
    now: Option<Instant>,
}

/// From where to where packets go.
#[derive(Clone, Copy, Debug)]
struct Route {
    local: InterfaceId,
    remote: InterfaceId,
    remote_host: HostId,
}

impl<'a> Kernel<'a> {
    #[inline]
    pub(crate) fn new(host: &'a mut Host, wire: &'a mut Wire, hosts: u32) -> Self {
        Kernel { host, wire, hosts, now: None }
    }

    /// For what happens at this time. A program's call happens at the time of its node.
    #[inline]
    pub(crate) fn at(self, now: Instant) -> Self {
        Kernel { now: Some(now), ..self }
    }

    #[inline]
    fn now(&mut self) -> Instant {
        match self.now {
            Some(now) => now,
            None => {
                let now = context::now();
                self.now = Some(now);
                now
            }
        }
    }
}

impl Kernel<'_> {
    /// The way to an address.
    fn route(&mut self, ip: IpAddr) -> Result<Route, Errno> {
        let ip = ip.to_canonical();
        match place(ip) {
            Place::Unknown => Err(Errno::NetworkUnreachable),
            Place::Loopback => {
                let remote = self.host.loopback(self.wire, ip);
                let local = InterfaceId::loopback(self.host.id);
                Ok(Route { local, remote, remote_host: self.host.id })
            }
            Place::Host(host) if host == self.host.id => {
                let local = self.host.primary();
                Ok(Route { local, remote: local, remote_host: host })
            }
            Place::Host(host) if host.0 < self.hosts => {
                let (local, remote) = (self.host.primary(), InterfaceId::primary(host));
                Ok(Route { local, remote, remote_host: host })
            }
            Place::Host(_) => Err(Errno::HostUnreachable),
        }
    }

    /// What a socket is bound to that asks for this address: `None` is all addresses of the host.
    fn interface_to_bind(&mut self, ip: IpAddr) -> Result<Option<InterfaceId>, Errno> {
        if ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED) {
            return Ok(None);
        }
        match place(ip) {
            Place::Loopback => Ok(Some(self.host.loopback(self.wire, ip))),
            Place::Host(host) if host == self.host.id => Ok(Some(self.host.primary())),
            Place::Host(_) | Place::Unknown => Err(Errno::AddrNotAvailable),
        }
    }

    /// The address that a socket is bound to.
    fn bound_address(&self, interface: Option<InterfaceId>, port: u16) -> SocketAddr {
        match interface {
            Some(interface) => self.wire.interfaces.address(Endpoint { interface, port }),
            None => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port),
        }
    }

    /// Wakes once when the socket is worth trying again.
    #[inline]
    pub(crate) fn wait(&mut self, socket: SocketId, interest: Interest, waker: &Waker) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest) {
            waiters.add(waker);
        }
    }

    /// Gives a descriptor back, and with it the socket.
    pub(crate) fn close(&mut self, socket: SocketId) {
        match self.host.sockets.get(socket) {
            Some(sockets::Socket::Stream(_)) => self.close_stream(socket),
            Some(sockets::Socket::Listener(_)) => self.close_listener(socket),
            Some(sockets::Socket::Datagrams(_)) => self.close_datagrams(socket),
            None => {}
        }
    }

    /// Which socket a task waits for; the operation has said what for.
    pub(crate) fn describe(&self, socket: SocketId, interest: Interest) -> String {
        match self.host.sockets.get(socket) {
            Some(sockets::Socket::Stream(stream)) => {
                let (local, remote) = (self.wire.show(stream.pair.local), self.wire.show(stream.pair.remote));
                match interest {
                    Interest::Read if stream.connection.is_connected() => format!("{local} from {remote}"),
                    Interest::Read | Interest::Write => format!("{local} to {remote}"),
                }
            }
            Some(sockets::Socket::Listener(listener)) => {
                format!("{}:{}", self.wire.name(self.host.id), listener.port)
            }
            Some(sockets::Socket::Datagrams(datagrams)) => {
                format!("{}:{}", self.wire.name(self.host.id), datagrams.port)
            }
            None => "a closed socket".to_string(),
        }
    }
}
