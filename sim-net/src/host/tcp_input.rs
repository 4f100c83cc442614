//! What arrives for the TCP connections of a host: packets, timeouts.

use sim_executor::Instant;

use super::ports::Protocol;
use super::sockets::{Owner, Socket, SocketId, Stream};
use super::{Host, Kernel, Known, TIME_WAITS_MAX};
use crate::address::{HostId, Pair};
use crate::errno::Errno;
use crate::packet::{Body, Packet};
use crate::tcp::{Connection, Context, Ending, Flags, Ready, Segment, TimeWait, reset_for};
use crate::wire::{Event, Wire};

/// Where a segment comes from and goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addressed {
    /// As this host sees it.
    pair: Pair,
    /// The socket of the peer.
    from: SocketId,
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
                self.handle_by_address(Addressed { pair, from: packet.from }, segment);
            }
        }
    }

    /// A segment whose socket is not known.
    fn handle_by_address(&mut self, addressed: Addressed, segment: &mut Segment) {
        match self.host.connections.get(&addressed.pair).copied() {
            Some(Known::Connection(socket)) => return self.handle_for(socket, addressed.from, segment),
            Some(Known::TimeWait { time_wait, .. }) if segment.flags != Flags::SYN => {
                self.handle_in_time_wait(addressed, time_wait, segment);
            }
            _ if segment.flags == Flags::SYN => self.handle_syn(addressed, segment),
            _ => self.answer(addressed, reset_for(segment)),
        }
        self.wire.pool.release_all(segment.payload.take());
    }

    /// A segment for a connection.
    fn handle_for(&mut self, socket: SocketId, from: SocketId, segment: &mut Segment) {
        let stream = self.host.sockets.stream(socket);
        stream.peer = from;
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

    fn is_backlog_full(&mut self, listener: SocketId) -> bool {
        let accept_backlog = self.wire.config.tcp.accept_backlog as usize;
        let listener = self.host.sockets.find_listener(listener);
        listener.is_some_and(|listener| listener.backlog.len() > accept_backlog)
    }

    /// Moves a connection whose handshake is done to where it is accepted.
    fn advance_handshake(&mut self, socket: SocketId, listener: SocketId) {
        let stream = self.host.sockets.stream(socket);
        if stream.connection.is_half_open() {
            return;
        }
        let has_failed = stream.connection.is_closed();
        stream.owner = if has_failed { Owner::Nobody } else { Owner::Backlog };
        if let Some(listener) = self.host.sockets.find_listener(listener) {
            listener.handshakes.retain(|&handshake| handshake != socket);
            if !has_failed {
                listener.backlog.push_back(socket);
                listener.readers.take_into(&mut self.wire.wakes);
            }
        }
    }

    /// Somebody asks for a connection.
    fn handle_syn(&mut self, addressed: Addressed, segment: &Segment) {
        let Addressed { pair, from } = addressed;
        let Some(listener) = self.host.bindings.find(Protocol::Tcp, pair.local) else {
            return self.answer(addressed, reset_for(segment));
        };
        let accept_backlog = self.wire.config.tcp.accept_backlog as usize;
        let handshakes = self.host.sockets.listener(listener).handshakes.len();
        if self.is_backlog_full(listener) || handshakes > accept_backlog {
            return;
        }
        let remote_host = self.wire.interfaces.host(pair.remote.interface);
        let connection = Connection::accept(&self.wire.tcp);
        let is_v6 = self.host.sockets.listener(listener).is_v6;
        let added = self.add_stream(connection, pair, is_v6, remote_host, Owner::Handshake(listener));
        let Ok(socket) = added else { return };
        self.host.sockets.stream(socket).peer = from;
        self.host.sockets.listener(listener).handshakes.push(socket);
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
        let Addressed { pair, from } = addressed;
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
        self.with_connection(socket, |connection, context| {
            let was_closed = connection.is_closed();
            connection.handle_timeout(context);
            if is_down && connection.is_closed() && !was_closed {
                // Each of the packets that were repeated has found that nobody has the address.
                connection.fail(context, Errno::HostUnreachable);
            }
        });
        if let Owner::Handshake(listener) = owner {
            self.advance_handshake(socket, listener);
        }
        self.pump(socket);
    }

    /// What follows each call, segment and timeout of a connection.
    #[inline]
    pub(super) fn pump(&mut self, socket: SocketId) {
        let now = self.now();
        let ending = self.host.sockets.stream(socket).flush(self.wire, now, self.host.id, socket);
        self.end(socket, ending);
    }

    /// Forgets a connection if it has ended.
    #[inline]
    pub(crate) fn end(&mut self, socket: SocketId, ending: Ending) {
        if !matches!(ending, Ending::NotYet) {
            self.forget(socket, ending);
        }
    }

    fn forget(&mut self, socket: SocketId, ending: Ending) {
        let stream = self.host.sockets.stream(socket);
        let (pair, owner, is_active) = (stream.pair, stream.owner, stream.is_active);
        if std::mem::take(&mut stream.is_registered) {
            self.host.connections.remove(&pair);
        }
        if let Ending::TimeWait(time_wait) = ending {
            self.forget_expired();
            self.host.connections.insert(pair, Known::TimeWait { time_wait, is_active });
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
    /// Takes a packet if it is a segment for a stream that a program has open, as nearly all are; `None` if it is not.
    #[inline]
    pub(crate) fn handle_for_open_stream(
        &mut self,
        wire: &mut Wire,
        now: Instant,
        packet: &mut Packet,
    ) -> Option<Ending> {
        let Body::Tcp(segment) = &mut packet.body else { return None };
        let stream = self.sockets.find_stream(packet.to)?;
        if stream.owner != Owner::User || stream.connection.is_closed() {
            return None;
        }
        stream.peer = packet.from;
        let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
        stream.connection.handle_segment(&mut context, segment);
        Some(stream.flush(wire, now, self.id, packet.to))
    }
}

impl Stream {
    /// What the connection has to send is sent, who waits is woken, its timer is set; whether it has ended.
    #[inline]
    pub(super) fn flush(&mut self, wire: &mut Wire, now: Instant, host: HostId, socket: SocketId) -> Ending {
        let ending = self.send_all(wire, now, socket);
        let Ready { read, write } = self.connection.take_ready();
        if read {
            self.readers.take_into(&mut wire.wakes);
        }
        if write {
            self.writers.take_into(&mut wire.wakes);
        }
        if self.connection.timer() < self.timer {
            self.set_timer(wire, host, socket);
        }
        ending
    }

    #[inline]
    fn send_all(&mut self, wire: &mut Wire, now: Instant, socket: SocketId) -> Ending {
        while self.connection.has_work() {
            let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
            let Some(segment) = self.connection.poll_segment(&mut context) else {
                return self.connection.settle(&mut context);
            };
            let packet = Packet {
                link: self.link,
                source: self.pair.local,
                destination: self.pair.remote,
                from: socket,
                to: self.peer,
                body: Body::Tcp(segment),
            };
            wire.send(now, packet);
        }
        Ending::NotYet
    }

    fn set_timer(&mut self, wire: &mut Wire, host: HostId, socket: SocketId) {
        if let Some(event) = self.timer_event {
            wire.cancel(event);
        }
        self.timer = self.connection.timer();
        self.timer_event = Some(wire.schedule(self.timer, Event::Timer { host, socket }));
    }
}
