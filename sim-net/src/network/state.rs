//! What a network consists of: the hosts, and what is between them.

use std::cell::Cell;
use std::net::IpAddr;

use sim_executor::{Instant, Reuse as _, context};

use crate::address::{HOSTS_MAX, HostId, Place, SocketId, place};
use crate::config::NetworkConfig;
use crate::host::{Host, Kernel, Stream};
use crate::packet::Packet;
use crate::wire::{Event, First, Wire};

pub(super) struct State {
    pub(super) hosts: Vec<Host>,
    pub(super) wire: Wire,
    /// Hosts of earlier runs, as new; the last is for the next node.
    spare: Vec<Host>,
    /// How often in a row the network went on for nothing but probes that may be lost.
    pub(super) probes: Cell<u32>,
}

/// More than a connection sends before it is given up: 15 of a window, 9 of keepalive, or what is configured within reason.
const PROBES_MAX: u32 = 1_000;

/// So many hosts are left to the next run.
const HOSTS_KEPT_MAX: usize = 64;

impl State {
    pub(super) fn new(config: NetworkConfig, is_traced: bool) -> Self {
        State {
            hosts: Vec::new(),
            wire: Wire::new(config, is_traced),
            spare: Vec::new(),
            probes: Cell::new(0),
        }
    }

    /// Makes it as new, and keeps memory for the next run.
    pub(super) fn renew(&mut self) {
        let State { hosts, wire, spare, probes } = self;
        probes.set(0);
        hosts.truncate(HOSTS_KEPT_MAX.saturating_sub(spare.len()));
        hosts.iter_mut().for_each(Host::renew);
        // From the last on, so that the first comes out first.
        spare.extend(hosts.drain(..).rev());
        hosts.renew();
        wire.renew();
    }

    /// Makes hosts of the first nodes of the run.
    pub(super) fn cover(&mut self, hosts: usize) {
        assert!(hosts <= HOSTS_MAX as usize, "more than {HOSTS_MAX} nodes have no addresses");
        while self.hosts.len() < hosts {
            self.wire.names.push(None);
            let id = HostId(self.hosts.len() as u32);
            let mut host = self.spare.pop().unwrap_or_else(|| Host::new(id));
            host.set_id(id);
            self.hosts.push(host);
        }
    }

    /// Makes a host of the node that the address leads to, if there is one. Not inlined, as that costs who calls it more than the call.
    #[inline(never)]
    pub(super) fn cover_address(&mut self, ip: IpAddr) {
        if let Place::Host(host) = place(ip)
            && host.index() >= self.hosts.len()
        {
            self.cover(context::host_count());
        }
    }

    #[inline]
    pub(super) fn kernel(&mut self, host: HostId) -> Kernel<'_> {
        let hosts = self.hosts.len() as u32;
        Kernel::new(&mut self.hosts[host.index()], &mut self.wire, hosts)
    }

    /// Whether what is under way can change anything for a program.
    pub(super) fn may_wake(&self) -> bool {
        if self.wire.has_packets() || self.wire.searches > 0 {
            return true;
        }
        let mut all = self.hosts.iter().flat_map(Host::streams);
        if all.any(|stream| self.may_go_on(stream)) {
            return true;
        }
        // A probe that may be lost is not yet answered. So that two ends which are well do not probe each other for ever, so many
        // of them in a row tell enough.
        let mut all = self.hosts.iter().flat_map(Host::streams);
        if !all.any(|stream| stream.connection.timer() != Instant::MAX && self.may_lose_probe(stream)) {
            return false;
        }
        self.probes.set(self.probes.get() + 1);
        self.probes.get() <= PROBES_MAX
    }

    /// Whether a probe of a stream, or its answer, may come to nothing on the way.
    fn may_lose_probe(&self, stream: &Stream) -> bool {
        let link = self.wire.links.get(stream.link);
        let back = self.wire.links.find(link.to, link.from);
        self.wire.has_hooks() || link.may_lose() || back.is_some_and(|back| back.may_lose())
    }

    /// Whether a timer of the stream can lead to anything but another probe: of a window that its peer keeps closed, or of
    /// whether the peer lives.
    fn may_go_on(&self, stream: &Stream) -> bool {
        let connection = &stream.connection;
        if connection.transfer_timer() != Instant::MAX && !connection.is_probing() {
            return true;
        }
        if connection.timer() == Instant::MAX {
            return false;
        }
        let host = self.wire.interfaces.host(stream.pair.remote.interface);
        let peer = self.hosts.get(host.index()).and_then(|host| host.stream_of(stream.pair.reversed()));
        let is_cut = |link| {
            let link = self.wire.links.get(link);
            link.is_cut() || link.is_held()
        };
        peer.is_none_or(|peer| {
            connection.is_behind(&peer.connection) || is_cut(stream.link) || is_cut(peer.link)
        })
    }

    /// The socket at the other end of a connection, as far as it is there.
    pub(super) fn peer(&self, host: HostId, socket: SocketId) -> Option<(HostId, SocketId)> {
        let own = self.hosts.get(host.index())?;
        if let Some(peer) = own.unix_peer_of(socket) {
            return Some((host, peer));
        }
        let pair = own.pair_of(socket)?;
        let peer = self.wire.interfaces.host(pair.remote.interface);
        Some((peer, self.hosts.get(peer.index())?.socket_of(pair.reversed())?))
    }

    /// Does all that is due.
    #[inline(always)]
    pub(super) fn fire(&mut self, now: Instant) {
        loop {
            match self.wire.look_for_due(now) {
                First::Packet => {
                    if let Some(mut packet) = self.wire.pop_packet() {
                        self.deliver(now, &mut packet);
                    }
                }
                First::Event => {
                    if let Some(event) = self.wire.pop_event(now) {
                        self.handle(now, event);
                    }
                }
                First::Nothing => return,
            }
        }
    }

    #[inline]
    fn deliver(&mut self, now: Instant, packet: &mut Packet) {
        let Some(to) = self.wire.receive(now, packet) else { return self.wire.lose(packet) };
        match self.hosts[to.index()].handle_for_open_stream(&mut self.wire, now, packet) {
            Some(false) => {}
            Some(true) => self.kernel(to).at(now).forget(packet.to),
            None if self.wire.is_down(to) => self.wire.lose(packet),
            None => self.kernel(to).at(now).handle_packet(packet),
        }
    }

    #[inline(never)]
    fn handle(&mut self, now: Instant, event: Event) {
        match event {
            Event::Packet(mut packet) => self.deliver(now, &mut packet),
            Event::Corrupted(mut packet) => self.wire.drop_corrupted(&mut packet),
            Event::Timer { host, socket } => self.kernel(host).at(now).handle_timer(socket),
            Event::Room { host, socket } => {
                self.wire.searches -= 1;
                self.kernel(host).at(now).handle_room(socket);
            }
            Event::NoNeighbour { host, socket } => {
                self.wire.searches -= 1;
                self.kernel(host).at(now).handle_no_neighbour(socket);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_executor::{Executor, ProductionOrder};

    use super::*;

    #[test]
    fn a_bounded_number_of_hosts_is_left_to_the_next_run() {
        let mut state = Executor::new(ProductionOrder).enter(|| State::new(NetworkConfig::default(), false));
        for hosts in [3, 10 * HOSTS_KEPT_MAX, 2] {
            state.cover(hosts);
            state.renew();
            assert!(state.hosts.is_empty() && state.wire.names.is_empty());
            assert_eq!(state.spare.len(), if hosts == 3 { 3 } else { HOSTS_KEPT_MAX });
        }
    }
}
