//! The kernel of a host: sockets by their descriptors, with calls that never wait.
//!
//! Nothing here knows who calls: the async types do, and something else may.

mod adversary;
mod bindings;
mod crash;
mod fresh;
mod memory;
mod netstat;
mod poll;
mod ports;
mod readiness;
mod socket_row;
mod sockets;
mod tcp_calls;
mod tcp_input;
mod tcp_options;
mod tcp_output;
mod tcp_socket;
mod udp;
pub(crate) mod unix;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sim_executor::{Instant, Reuse as _};

use crate::address::{Bound, Endpoint, HostId, InterfaceId, Pair, Place, SocketId, place, share_network};
use crate::errno::Errno;
use crate::tcp::TimeWait;
use crate::waiters::Interest;
use crate::wire::Wire;

pub(crate) use fresh::Fresh;
pub use poll::Polled;
pub(crate) use poll::Shape;
pub(crate) use readiness::Status;
pub use socket_row::{Address, Protocol, SocketRow};
pub(crate) use sockets::Stream;
pub(crate) use tcp_options::whole_seconds;
pub(crate) use udp::DATAGRAM_BYTES_MAX;
pub(crate) use udp::Options as DatagramOptions;

use bindings::{Bindings, Sharing};
use sockets::{Socket, Sockets};

/// One host, as the network keeps it.
pub(crate) struct Host {
    id: HostId,
    /// Further loopback addresses, such as 127.0.0.2, once they were used.
    loopbacks: Vec<InterfaceId>,
    /// The addresses that it was given, in that order.
    given: Vec<InterfaceId>,
    sockets: Sockets,
    bindings: Bindings,
    /// The connections of the host by their addresses, for packets that do not say to which socket they go.
    connections: BTreeMap<Pair, Known>,
    /// Those in TIME-WAIT, by the time at which they are looked at again.
    expiring: VecDeque<(Instant, Pair)>,
    /// The port to try next, for each protocol.
    ephemeral_next: [u16; 2],
    unix_names: unix::Names,
    /// Its node is down, so that nothing can be opened.
    is_process_dead: bool,
}

/// What the host knows of a pair of addresses.
#[derive(Clone, Copy, Debug)]
enum Known {
    Connection(SocketId),
    TimeWait {
        time_wait: TimeWait,
        /// As that of the connection was.
        sharing: Sharing,
        /// The socket of the other end.
        peer: SocketId,
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
            given: Vec::new(),
            sockets: Sockets::default(),
            bindings: Bindings::default(),
            connections: BTreeMap::new(),
            expiring: VecDeque::new(),
            ephemeral_next: [EPHEMERAL_MIN; 2],
            unix_names: unix::Names::default(),
            is_process_dead: false,
        }
    }

    /// Makes it as new, and keeps memory for a host of the next run.
    pub(crate) fn renew(&mut self) {
        let Host {
            id: _,
            loopbacks,
            given,
            sockets,
            bindings,
            connections,
            expiring,
            ephemeral_next,
            unix_names,
            is_process_dead,
        } = self;
        loopbacks.renew();
        given.renew();
        sockets.renew();
        bindings.renew();
        connections.renew();
        expiring.renew();
        *ephemeral_next = [EPHEMERAL_MIN; 2];
        unix_names.renew();
        *is_process_dead = false;
    }

    /// Makes it the host of a node.
    pub(crate) fn set_id(&mut self, id: HostId) {
        self.id = id;
    }

    /// The connections that have not ended.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.sockets.streams()
    }

    /// The connection with these addresses.
    pub(crate) fn stream_of(&self, pair: Pair) -> Option<&Stream> {
        self.stream(self.socket_of(pair)?)
    }

    /// The socket of the connection with these addresses.
    pub(crate) fn socket_of(&self, pair: Pair) -> Option<SocketId> {
        match self.connections.get(&pair)? {
            &Known::Connection(socket) => Some(socket),
            Known::TimeWait { .. } => None,
        }
    }

    fn stream(&self, socket: SocketId) -> Option<&Stream> {
        match self.sockets.get(socket)? {
            Socket::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    /// The addresses of a socket that is a connection.
    pub(crate) fn pair_of(&self, socket: SocketId) -> Option<Pair> {
        self.stream(socket).map(|stream| stream.pair)
    }

    /// The socket at the other end of a Unix socket, if it has one.
    pub(crate) fn unix_peer_of(&self, socket: SocketId) -> Option<SocketId> {
        match self.sockets.get(socket)? {
            Socket::Unix(unix) => unix.peer(),
            _ => None,
        }
    }

    /// The connection of the host between these addresses, if it has one.
    pub(crate) fn find_connection(
        &self,
        wire: &Wire,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Option<SocketId> {
        let same = |endpoint, address: SocketAddr| {
            let known = wire.interfaces.address(endpoint);
            known.port() == address.port() && known.ip().to_canonical() == address.ip().to_canonical()
        };
        let mut all = self.sockets.streams_by_id();
        let found = all.find(|(_, stream)| {
            let Pair { local: here, remote: there } = stream.pair;
            !stream.connection.is_closed() && same(here, local) && same(there, remote)
        });
        found.map(|(socket, _)| socket)
    }

    /// The interface with this loopback address.
    fn loopback(&mut self, wire: &mut Wire, ip: IpAddr) -> InterfaceId {
        let loopback = InterfaceId::loopback(self.id, ip.is_ipv6());
        if ip.is_unspecified() || wire.interfaces.ip(loopback) == ip {
            return loopback;
        }
        if let Some(&known) = self.loopbacks.iter().find(|&&known| wire.interfaces.ip(known) == ip) {
            return known;
        }
        let interface = wire.interfaces.add_loopback(self.id, ip);
        self.loopbacks.push(interface);
        interface
    }

    /// The interfaces of the host.
    fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        let own = [false, true].map(|is_v6| InterfaceId::own(self.id, is_v6));
        let loopback = [false, true].map(|is_v6| InterfaceId::loopback(self.id, is_v6));
        own.into_iter().chain(loopback).chain(self.loopbacks.iter().chain(&self.given).copied())
    }

    /// The addresses that it was given.
    pub(crate) fn given(&self) -> &[InterfaceId] {
        &self.given
    }

    /// An address is given, or taken: to this host, to another or to nobody. What the host knew of the way to it, and what
    /// it sends from it, is looked at again.
    pub(crate) fn readdress(&mut self, wire: &mut Wire, interface: InterfaceId) {
        let host = wire.interfaces.host(interface);
        self.given.retain(|&given| given != interface);
        if host == self.id {
            self.given.push(interface);
        }
        for socket in self.sockets.iter_mut() {
            match socket {
                Socket::Stream(stream) => {
                    let Pair { local, remote } = stream.pair;
                    if [local.interface, remote.interface].contains(&interface) {
                        let has_local = wire.interfaces.host(local.interface) == self.id;
                        let remote_host = wire.interfaces.host(remote.interface);
                        stream.link =
                            wire.link(self.id, if has_local { remote_host } else { HostId::NOBODY });
                    }
                }
                Socket::Datagrams(datagrams) => datagrams.forget_ways(),
                _ => {}
            }
        }
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
                let now = self.wire.run.now();
                self.now = Some(now);
                now
            }
        }
    }
}

impl Kernel<'_> {
    /// The way to an address of one host.
    fn route(&mut self, ip: IpAddr) -> Result<Route, Errno> {
        let ip = ip.to_canonical();
        let remote = match place(ip) {
            Place::Loopback => {
                let remote = self.host.loopback(self.wire, ip);
                let local = InterfaceId::loopback(self.host.id, ip.is_ipv6());
                return Ok(Route { local, remote, remote_host: self.host.id });
            }
            Place::Host(host) if host.0 < self.hosts => InterfaceId::own(host, ip.is_ipv6()),
            Place::Host(_) => return Err(Errno::HostUnreachable),
            Place::Neighbour => self.wire.interfaces.given(ip).ok_or(Errno::HostUnreachable)?,
            Place::Elsewhere => self.wire.interfaces.given(ip).ok_or(Errno::NetworkUnreachable)?,
            Place::Broadcast { .. } | Place::Multicast => return Err(Errno::NetworkUnreachable),
        };
        let remote_host = self.wire.interfaces.host(remote);
        let local = if remote_host == self.host.id { remote } else { self.source(ip) };
        Ok(Route { local, remote, remote_host })
    }

    /// The address from which the host sends to another: one that is in the same network, else its own.
    fn source(&self, ip: IpAddr) -> InterfaceId {
        let mut given = self.host.given.iter();
        let near = given.find(|&&given| share_network(self.wire.interfaces.ip(given), ip));
        near.copied().unwrap_or(InterfaceId::own(self.host.id, ip.is_ipv6()))
    }

    /// Where a socket is to be that asks for this address.
    fn place_to_bind(&mut self, ip: IpAddr) -> Result<Bound, Errno> {
        if ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            return Ok(Bound::All);
        }
        let ip = ip.to_canonical();
        if ip.is_unspecified() {
            return Ok(Bound::AllV4);
        }
        let interface = match place(ip) {
            Place::Loopback => self.host.loopback(self.wire, ip),
            Place::Host(host) if host == self.host.id => InterfaceId::own(host, ip.is_ipv6()),
            Place::Host(_) => return Err(Errno::AddrNotAvailable),
            Place::Neighbour | Place::Elsewhere => {
                let given = self.wire.interfaces.given(ip).filter(|given| self.host.given.contains(given));
                given.ok_or(Errno::AddrNotAvailable)?
            }
            Place::Broadcast { .. } | Place::Multicast => self.wire.interfaces.at(ip),
        };
        Ok(Bound::At(interface))
    }

    /// The address that a socket is bound to, as one of that family shows it.
    fn bound_address(&self, is_v6: bool, bound: Bound, port: u16) -> SocketAddr {
        match bound {
            Bound::At(interface) => self.wire.interfaces.address_for(is_v6, Endpoint { interface, port }),
            Bound::All => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port),
            Bound::AllV4 if is_v6 => (Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), port).into(),
            Bound::AllV4 => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port),
        }
    }

    /// Gives a descriptor back, and with it the socket.
    pub(crate) fn close(&mut self, socket: SocketId) {
        match self.host.sockets.get(socket) {
            Some(sockets::Socket::Stream(_)) => self.close_stream(socket),
            Some(sockets::Socket::Listener(_)) => self.close_listener(socket),
            Some(sockets::Socket::Fresh(_)) => self.close_fresh(socket),
            Some(sockets::Socket::Datagrams(_)) => self.close_datagrams(socket),
            Some(sockets::Socket::Unix(_)) => self.close_unix(socket),
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
                    Interest::Read | Interest::Write | Interest::Error => format!("{local} to {remote}"),
                }
            }
            Some(sockets::Socket::Listener(listener)) => {
                format!("{}:{}", self.wire.name(self.host.id), listener.port)
            }
            Some(sockets::Socket::Datagrams(datagrams)) => {
                format!("{}:{}", self.wire.name(self.host.id), datagrams.port)
            }
            Some(sockets::Socket::Unix(unix)) => self.describe_unix(unix, interest),
            Some(sockets::Socket::Fresh(_)) => format!("{}: a socket", self.wire.name(self.host.id)),
            None => "a closed socket".to_string(),
        }
    }
}
