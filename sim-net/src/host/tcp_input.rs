//! What arrives for the TCP connections of a host: packets, timeouts.

use sim_executor::Instant;

use super::sockets::{Owner, Socket, Stream};
use super::{Host, Kernel, Known, TIME_WAITS_MAX};
use crate::address::{Pair, SocketId};
use crate::errno::Errno;
use crate::packet::{Body, Packet};
use crate::tcp::{Connection, Context, Ending, Flags, Segment, TimeWait, TimerKind, reset_for};
use crate::wire::Wire;

/// Where a segment comes from and goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addressed {
    /// As this host sees it.
    pair: Pair,
    /// The socket of the peer.
    from: SocketId,
    /// The socket that the peer means, if it knows.
    to: SocketId,
}

impl Kernel<'_> {
    /// A segment has arrived.
    pub(super) fn handle_segment(&mut self, packet: &mut Packet) {
        let Body::Tcp(segment) = &mut packet.body else { return };
        match self.host.sockets.find_stream(packet.to) {
            Some(stream) if !stream.connection.is_closed() => {
                self.handle_for(packet.to, packet.from, segment)
            }
            _ => {
                let pair = Pair { local: packet.destination, remote: packet.source };
                let (from, to) = (packet.from, packet.to);
                self.handle_by_address(Addressed { pair, from, to }, segment);
            }
        }
    }

    /// A segment whose socket is not known.
    fn handle_by_address(&mut self, addressed: Addressed, segment: &mut Segment) {
        match self.host.connections.get(&addressed.pair).copied() {
            Some(Known::Connection(socket)) if !self.is_of_other(socket, addressed) => {
                return self.handle_for(socket, addressed.from, segment);
            }
            Some(Known::Connection(socket)) => self.handle_of_other(socket, addressed, segment),
            Some(Known::TimeWait { time_wait, peer, .. })
                if segment.flags != Flags::SYN || addressed.from == peer =>
            {
                // A SYN of the peer's own socket is a late duplicate of its first. A real end would tell by its sequence number,
                // which is below what is expected (RFC 9293, 3.10.7.4: TIME-WAIT).
                self.handle_in_time_wait(addressed, time_wait, segment);
            }
            _ if segment.flags == Flags::SYN => self.handle_syn(addressed, segment),
            _ => self.answer(addressed, reset_for(segment)),
        }
        self.wire.pool.release_all(segment.payload.take());
    }

    /// Whether a segment is of another connection that had the same pair of addresses. A real one would tell by its
    /// sequence numbers, which begin anywhere; here they all begin at zero.
    fn is_of_other(&mut self, socket: SocketId, addressed: Addressed) -> bool {
        let Addressed { from, to, .. } = addressed;
        let &mut Stream { peer, former, .. } = self.host.sockets.stream(socket);
        let is_other_peer = from != SocketId::UNKNOWN && peer != SocketId::UNKNOWN && from != peer;
        is_other_peer || ![SocketId::UNKNOWN, socket, former].contains(&to)
    }

    /// What is out of a connection's window, as a segment of another is, is answered with what is expected. While this end's SYN is not
    /// acknowledged, a number that this end has not sent is answered with a RST (RFC 9293, 3.10.7.3 and 3.10.7.4).
    fn handle_of_other(&mut self, socket: SocketId, addressed: Addressed, segment: &Segment) {
        let connection = &mut self.host.sockets.stream(socket).connection;
        let is_answer = segment.flags.has(Flags::ACK) && !segment.flags.has(Flags::RST);
        if connection.is_unanswered() || connection.is_half_open() && is_answer {
            if is_answer {
                self.answer(addressed, reset_for(segment));
            }
        } else if !segment.flags.has(Flags::RST) {
            connection.challenge();
            self.pump(socket);
        }
    }

    /// A segment for a connection.
    fn handle_for(&mut self, socket: SocketId, from: SocketId, segment: &mut Segment) {
        let stream = self.host.sockets.stream(socket);
        let is_of_other = ![SocketId::UNKNOWN, from].contains(&stream.peer) && segment.flags.has(Flags::SYN);
        if from != SocketId::UNKNOWN && is_of_other {
            // The peer's host has forgotten this connection, and takes a late SYN of it for the first of another.
            let addressed = Addressed { pair: stream.pair, from, to: socket };
            self.handle_of_other(socket, addressed, segment);
            return self.wire.pool.release_all(segment.payload.take());
        }
        if from != SocketId::UNKNOWN {
            stream.peer = from;
        }
        let owner = stream.owner;
        if let Owner::Handshake(listener) = owner
            && segment.flags.has(Flags::ACK)
            && !segment.flags.has(Flags::RST)
            && self.is_backlog_full(listener)
        {
            // As in Linux: the peer believes the connection stands, and learns of ours when there is room.
            return self.wire.pool.release_all(segment.payload.take());
        }
        self.with_connection(socket, |connection, context| connection.handle_segment(context, segment));
        if let Owner::Handshake(listener) = owner {
            self.advance_handshake(socket, listener);
        }
        self.pump(socket);
    }

    /// Something between the hosts ends a connection: a RST comes that the peer has not sent.
    pub(crate) fn reset_from_outside(&mut self, socket: SocketId) {
        let mut segment = self.host.sockets.stream(socket).connection.acceptable_reset();
        self.handle_for(socket, SocketId::UNKNOWN, &mut segment);
    }

    fn is_backlog_full(&mut self, listener: SocketId) -> bool {
        let listener = self.host.sockets.find_listener(listener);
        listener.is_some_and(|listener| listener.backlog.len() > listener.backlog_max as usize)
    }

    /// Moves a connection whose handshake is done to where it is accepted.
    fn advance_handshake(&mut self, socket: SocketId, listener: SocketId) {
        let stream = self.host.sockets.stream(socket);
        if stream.connection.is_half_open() {
            return;
        }
        let has_failed = stream.connection.is_closed();
        stream.owner = if has_failed { Owner::Nobody } else { Owner::Backlog };
        if !has_failed && let Some(listener) = self.host.sockets.find_listener(listener) {
            listener.backlog.push_back(socket);
            listener.readers.wake_into(&mut self.wire.wakes);
        }
    }

    /// Somebody asks for a connection.
    fn handle_syn(&mut self, addressed: Addressed, segment: &Segment) {
        let Addressed { pair, from, .. } = addressed;
        let Some(listener) = self.listener_at(pair.local) else {
            return self.answer(addressed, reset_for(segment));
        };
        if self.is_backlog_full(listener) {
            return;
        }
        let settings = self.host.sockets.listener(listener).settings;
        let remote_host = self.wire.interfaces.host(pair.remote.interface);
        let is_v6 = self.wire.interfaces.ip(pair.remote.interface).is_ipv6();
        let options = self.on_path(settings.options, remote_host, is_v6);
        let connection = Connection::accept(&self.wire.tcp, &options);
        let owner = Owner::Handshake(listener);
        let Ok(socket) = self.add_stream(connection, pair, remote_host, owner, settings) else { return };
        self.host.sockets.stream(socket).peer = from;
        self.pump(socket);
    }

    fn handle_in_time_wait(&mut self, addressed: Addressed, mut time_wait: TimeWait, segment: &Segment) {
        let verdict = time_wait.handle_segment(self.now(), &self.wire.config.tcp, segment);
        if verdict.is_over {
            self.host.connections.remove(&addressed.pair);
        } else if let Some(Known::TimeWait { time_wait: known, .. }) =
            self.host.connections.get_mut(&addressed.pair)
        {
            *known = time_wait;
        }
        self.answer(addressed, verdict.answer);
    }

    /// Sends a segment that is no connection's.
    fn answer(&mut self, addressed: Addressed, segment: Option<Segment>) {
        let Some(segment) = segment else { return };
        let Addressed { pair, from, .. } = addressed;
        let remote_host = self.wire.interfaces.host(pair.remote.interface);
        let link = self.wire.link(self.host.id, remote_host);
        let packet = Packet {
            link,
            source: pair.local,
            destination: pair.remote,
            from: SocketId::UNKNOWN,
            to: from,
            body: Body::Tcp(segment),
        };
        let now = self.now();
        self.wire.send(now, packet);
    }

    /// The time of a connection has come, or may have.
    pub(crate) fn handle_timer(&mut self, socket: SocketId) {
        let Some(stream) = self.host.sockets.find_stream(socket) else { return };
        (stream.timer, stream.timer_event) = (Instant::MAX, None);
        let owner = stream.owner;
        let is_down = self.wire.is_down(self.wire.interfaces.host(stream.pair.remote.interface));
        let probe = self.with_connection(socket, |connection, context| {
            let repeats = connection.next_timer().is_some_and(|timer| timer.kind == TimerKind::Retransmit);
            let probe = connection.handle_timeout(context);
            if is_down && repeats && connection.is_closed() {
                // Each of the packets that were repeated has found that nobody has the address. Linux forgets that of
                // probes, which bear a number that was acknowledged.
                connection.fail(context, Errno::HostUnreachable);
            }
            probe
        });
        if let Some(segment) = probe {
            let (now, stream) = (self.now(), self.host.sockets.stream(socket));
            stream.send(self.wire, now, socket, segment);
        }
        if let Owner::Handshake(listener) = owner {
            self.advance_handshake(socket, listener);
        }
        self.pump(socket);
        self.set_timer(socket);
    }

    /// Has the network look at a connection when its timer wants that, be it keepalive's.
    pub(super) fn set_timer(&mut self, socket: SocketId) {
        if let Some(stream) = self.host.sockets.find_stream(socket)
            && stream.connection.timer() < stream.timer
        {
            stream.set_timer(self.wire, self.host.id, socket);
        }
    }

    /// What follows each call, segment and timeout of a connection.
    pub(super) fn pump(&mut self, socket: SocketId) {
        let now = self.now();
        if self.host.sockets.stream(socket).flush(self.wire, now, self.host.id, socket) {
            self.forget(socket);
        }
    }

    /// Forgets a connection that has ended.
    #[cold]
    pub(crate) fn forget(&mut self, socket: SocketId) {
        let stream = self.host.sockets.stream(socket);
        let ending = std::mem::replace(&mut stream.ending, Ending::NotYet);
        let (pair, owner, sharing, peer) = (stream.pair, stream.owner, stream.sharing, stream.peer);
        if std::mem::take(&mut stream.is_registered) {
            self.host.connections.remove(&pair);
        }
        if let Ending::TimeWait(time_wait) = ending {
            self.forget_expired();
            self.host.connections.insert(pair, Known::TimeWait { time_wait, sharing, peer });
            self.host.expiring.push_back((time_wait.until(), pair));
        }
        if owner == Owner::Nobody {
            self.remove_stream(socket);
        }
    }

    /// Takes a stream out of all tables.
    pub(super) fn remove_stream(&mut self, socket: SocketId) {
        let Some(Socket::Stream(stream)) = self.host.sockets.remove(socket) else { return };
        let Stream { mut connection, pair, is_registered, timer_event, mut readers, mut writers, .. } =
            *stream;
        connection.clear(&mut self.wire.pool);
        readers.take_into(&mut self.wire.garbage);
        writers.take_into(&mut self.wire.garbage);
        if is_registered {
            self.host.connections.remove(&pair);
        }
        if let Some(event) = timer_event {
            self.wire.cancel(event);
        }
    }

    /// Forgets the pairs whose TIME-WAIT is over. It needs no event of its own: nobody can tell when that happens.
    pub(super) fn forget_expired(&mut self) {
        if self.host.expiring.is_empty() {
            return;
        }
        let now = self.now();
        while let Some(&(due, pair)) = self.host.expiring.front() {
            let is_crowded = self.host.expiring.len() > TIME_WAITS_MAX;
            if due > now && !is_crowded {
                return;
            }
            self.host.expiring.pop_front();
            let Some(Known::TimeWait { time_wait, .. }) = self.host.connections.get(&pair) else { continue };
            if time_wait.until() <= now || is_crowded {
                self.host.connections.remove(&pair);
            } else {
                self.host.expiring.push_back((time_wait.until(), pair));
            }
        }
    }
}

impl Host {
    /// Takes a packet if it is a segment of the known peer for a stream that a program has open, as nearly all are; whether that has
    /// ended the connection, or `None` if it is another packet.
    #[inline]
    pub(crate) fn handle_for_open_stream(
        &mut self,
        wire: &mut Wire,
        now: Instant,
        packet: &mut Packet,
    ) -> Option<bool> {
        let Body::Tcp(segment) = &mut packet.body else { return None };
        let stream = self.sockets.find_stream(packet.to)?;
        let is_plain = stream.owner == Owner::User && stream.peer == packet.from;
        if !is_plain || stream.connection.is_closed() {
            return None;
        }
        let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
        stream.connection.handle_segment(&mut context, segment);
        Some(stream.flush(wire, now, self.id, packet.to))
    }
}
