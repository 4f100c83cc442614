//! Datagrams to many: broadcasts and multicasts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ways::Destination;
use crate::address::{Bound, Endpoint, HostId, InterfaceId, Place, SocketId, place};
use crate::errno::Errno;
use crate::host::Kernel;
use crate::packet::{Body, Packet};

/// The numbers of the interfaces of a host, as IPv6 names them: the loopback, and that to all others.
const LOOPBACK_INDEX: u32 = 1;
const OTHERS_INDEX: u32 = 2;

impl Kernel<'_> {
    /// The way to a group, which is remembered.
    pub(super) fn group_destination(
        &mut self,
        socket: SocketId,
        address: SocketAddr,
    ) -> Result<Destination, Errno> {
        let ip = address.ip().to_canonical();
        let datagrams = self.host.sockets.datagrams(socket);
        let (source, may_broadcast) = (datagrams.bound.source(), datagrams.options.broadcast);
        let asks_for_loopback = matches!(address, SocketAddr::V6(v6) if v6.scope_id() == LOOPBACK_INDEX);
        let from_loopback = asks_for_loopback || source.is_some_and(InterfaceId::is_loopback);
        let in_loopback = match place(ip) {
            Place::Broadcast { is_loopback } => is_loopback || (from_loopback && ip == Ipv4Addr::BROADCAST),
            _ => from_loopback,
        };
        let usual = if in_loopback { InterfaceId::loopback } else { InterfaceId::own };
        let local = source.unwrap_or(usual(self.host.id, ip.is_ipv6()));
        if local.is_v6() != ip.is_ipv6() {
            return Err(if ip.is_ipv6() { Errno::FamilyNotSupported } else { Errno::NetworkUnreachable });
        }
        if local.is_loopback() && !in_loopback {
            return Err(Errno::InvalidInput);
        }
        if matches!(place(ip), Place::Broadcast { .. }) && !may_broadcast {
            return Err(Errno::BroadcastDenied);
        }
        let interface = self.wire.interfaces.at(ip).in_loopback(in_loopback);
        let remote = Endpoint { interface, port: address.port() };
        let destination = Destination { local, remote, link: self.wire.link(self.host.id, self.host.id) };
        self.host.sockets.datagrams(socket).ways.remember(address, destination);
        Ok(destination)
    }

    /// Sends a datagram to each host that takes part, the own one included. The links are those to the hosts.
    pub(super) fn send_to_group(&mut self, socket: SocketId, packet: Packet) {
        let group = packet.destination.interface;
        let options = &self.host.sockets.datagrams(socket).options;
        let loops = if group.is_v6() { options.multicast_loop_v6 } else { options.multicast_loop_v4 };
        let ttl = if group.is_v6() { 1 } else { options.multicast_ttl_v4 };
        let own = self.host.id;
        let is_multicast = matches!(place(self.wire.interfaces.ip(group)), Place::Multicast);
        let hosts: Vec<HostId> = match (group.is_loopback(), is_multicast) {
            (true, _) => vec![own],
            (false, false) => (0..self.hosts).map(HostId).collect(),
            (false, true) => {
                let members = self.wire.groups.of(group);
                members.filter(|&host| if host == own { loops } else { ttl > 0 }).collect()
            }
        };
        let now = self.now();
        for host in hosts {
            let mut copy = packet.copy(&mut self.wire.pool);
            copy.link = self.wire.link(own, host);
            self.wire.send(now, copy);
        }
        self.wire.pool.release_all(packet.body.into_payload());
    }

    /// Gives a datagram to all sockets that are at its port, if the host takes part.
    #[inline(never)]
    pub(super) fn handle_group_datagram(&mut self, packet: &mut Packet) {
        let Body::Udp(payload) = &mut packet.body else { return };
        let payload = payload.take();
        let group = packet.destination.interface;
        let is_multicast = matches!(place(self.wire.interfaces.ip(group)), Place::Multicast);
        if !is_multicast || self.wire.groups.has(group, self.host.id) {
            let group = group.in_loopback(false);
            for socket in self.host.bindings.all_at(group, packet.destination.port) {
                let share = |slice| self.wire.pool.share(slice, 0, slice.len());
                let payload = payload.as_ref().map(share);
                let datagrams = self.host.sockets.datagrams(socket);
                if datagrams.peer.is_none_or(|peer| peer == packet.source) {
                    datagrams.take(self.wire, packet.source, payload);
                } else {
                    self.wire.pool.release_all(payload);
                }
            }
        }
        self.wire.pool.release_all(payload);
    }

    /// Has the host take what is sent to a group of IPv4, in the loopback or outside of it.
    ///
    /// # Errors
    /// If it is no group, if `interface` is not the host's, or if the socket has joined it before.
    pub(crate) fn udp_join_v4(
        &mut self,
        socket: SocketId,
        group: Ipv4Addr,
        interface: Ipv4Addr,
    ) -> Result<(), Errno> {
        if !group.is_multicast() {
            return Err(Errno::InvalidInput);
        }
        let in_loopback = self.is_loopback_interface(interface)?;
        self.join(socket, group.into(), in_loopback)
    }

    /// The same for IPv6, with the number of the interface: 1 is the loopback, 2 or 0 is outside of it.
    ///
    /// # Errors
    /// As [`Kernel::udp_join_v4`], or if the socket is one of IPv4.
    pub(crate) fn udp_join_v6(&mut self, socket: SocketId, group: Ipv6Addr, index: u32) -> Result<(), Errno> {
        if !self.host.sockets.datagrams(socket).is_v6 {
            return Err(Errno::NoSuchOption);
        }
        match index {
            _ if !group.is_multicast() => Err(Errno::InvalidInput),
            0..=OTHERS_INDEX => self.join(socket, group.into(), index == LOOPBACK_INDEX),
            _ => Err(Errno::NoSuchInterface),
        }
    }

    /// Undoes [`Kernel::udp_join_v4`].
    ///
    /// # Errors
    /// If the socket has not joined the group there.
    pub(crate) fn udp_leave_v4(
        &mut self,
        socket: SocketId,
        group: Ipv4Addr,
        interface: Ipv4Addr,
    ) -> Result<(), Errno> {
        let in_loopback = self.is_loopback_interface(interface).map_err(|_| Errno::AddrNotAvailable)?;
        self.leave(socket, group.into(), |joined| joined.is_loopback() == in_loopback)
    }

    /// Undoes [`Kernel::udp_join_v6`].
    ///
    /// # Errors
    /// If it is no group, or if the socket has not joined it.
    pub(crate) fn udp_leave_v6(
        &mut self,
        socket: SocketId,
        group: Ipv6Addr,
        index: u32,
    ) -> Result<(), Errno> {
        if !self.host.sockets.datagrams(socket).is_v6 {
            return Err(Errno::NoSuchOption);
        }
        if !group.is_multicast() {
            return Err(Errno::InvalidInput);
        }
        let is_there = |joined: InterfaceId| match index {
            0 => true,
            LOOPBACK_INDEX => joined.is_loopback(),
            index => index == OTHERS_INDEX && !joined.is_loopback(),
        };
        self.leave(socket, group.into(), is_there)
    }

    fn is_loopback_interface(&mut self, interface: Ipv4Addr) -> Result<bool, Errno> {
        match self.place_to_bind(interface.into()) {
            Ok(Bound::At(interface)) if !interface.is_group() => Ok(interface.is_loopback()),
            Ok(Bound::AllV4) => Ok(false),
            _ => Err(Errno::NoSuchInterface),
        }
    }

    fn join(&mut self, socket: SocketId, group: IpAddr, in_loopback: bool) -> Result<(), Errno> {
        let group = self.wire.interfaces.at(group).in_loopback(in_loopback);
        let joined = &mut self.host.sockets.datagrams(socket).joined;
        if joined.contains(&group) {
            return Err(Errno::AddrInUse);
        }
        joined.push(group);
        self.wire.groups.join(group, self.host.id);
        Ok(())
    }

    fn leave(
        &mut self,
        socket: SocketId,
        group: IpAddr,
        is_there: impl Fn(InterfaceId) -> bool,
    ) -> Result<(), Errno> {
        let interfaces = &self.wire.interfaces;
        let joined = &mut self.host.sockets.datagrams(socket).joined;
        let found = joined.iter().position(|&it| interfaces.ip(it) == group && is_there(it));
        let group = joined.remove(found.ok_or(Errno::AddrNotAvailable)?);
        self.wire.groups.leave(group, self.host.id);
        Ok(())
    }
}
