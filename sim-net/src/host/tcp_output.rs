//! What the TCP connections of a host send, and whom they wake.

use sim_executor::Instant;

use super::sockets::Stream;
use crate::address::{HostId, SocketId};
use crate::packet::{Body, Packet};
use crate::tcp::{Context, Ending, Ready, Segment};
use crate::wire::{Event, Wire};

impl Stream {
    /// What the connection has to send is sent, who waits is woken, its timer is set; whether it has ended, so that it is to be
    /// forgotten.
    #[inline(always)]
    pub(super) fn flush(&mut self, wire: &mut Wire, now: Instant, host: HostId, socket: SocketId) -> bool {
        let has_ended = self.connection.has_work() && self.send_all(wire, now, socket);
        self.see_to_others(wire, host, socket);
        has_ended
    }

    /// [`Stream::flush`] after a write, which nearly always leaves something to be sent.
    #[inline(always)]
    pub(super) fn flush_written(
        &mut self,
        wire: &mut Wire,
        now: Instant,
        host: HostId,
        socket: SocketId,
    ) -> bool {
        let has_ended = self.send_all(wire, now, socket);
        self.see_to_others(wire, host, socket);
        has_ended
    }

    /// Wakes who waits, and sets the timer.
    #[inline(always)]
    fn see_to_others(&mut self, wire: &mut Wire, host: HostId, socket: SocketId) {
        let Ready { read, write } = self.connection.take_ready();
        if read {
            self.readers.wake_into(&mut wire.wakes);
        }
        if write {
            self.writers.wake_into(&mut wire.wakes);
        }
        if self.connection.transfer_timer() < self.timer {
            self.set_timer(wire, host, socket);
        }
    }

    /// Sends all that there is; whether the connection has ended.
    fn send_all(&mut self, wire: &mut Wire, now: Instant, socket: SocketId) -> bool {
        let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
        if let Some(segment) = self.connection.poll_new_segment(&mut context) {
            self.send(wire, now, socket, segment);
            if !self.connection.has_more() {
                return false;
            }
        }
        self.send_rest(wire, now, socket)
    }

    /// The same, of what is sent seldom, or after something else.
    #[inline(never)]
    fn send_rest(&mut self, wire: &mut Wire, now: Instant, socket: SocketId) -> bool {
        loop {
            let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
            let Some(segment) = self.connection.poll_segment(&mut context) else {
                return self.settle(&mut context);
            };
            self.send(wire, now, socket, segment);
            if !self.connection.has_work() {
                return false;
            }
        }
    }

    /// Looks whether the connection is at its end, and keeps what is left of it then.
    #[inline(never)]
    fn settle(&mut self, context: &mut Context<'_>) -> bool {
        self.ending = self.connection.settle(context);
        !matches!(self.ending, Ending::NotYet)
    }

    #[inline(always)]
    pub(super) fn send(&self, wire: &mut Wire, now: Instant, socket: SocketId, segment: Segment) {
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

    #[inline(never)]
    pub(super) fn set_timer(&mut self, wire: &mut Wire, host: HostId, socket: SocketId) {
        if let Some(event) = self.timer_event {
            wire.cancel(event);
        }
        self.timer = self.connection.timer();
        self.timer_event = Some(wire.schedule(self.timer, Event::Timer { host, socket }));
    }
}
