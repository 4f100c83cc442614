//! One TCP connection.

use std::time::Duration;

use sim_executor::Instant;

use super::context::Context;
use super::keepalive::{Keepalive, Verdict};
use super::receive::Receiver;
use super::segment::{Flags, Segment};
use super::send::{Outgoing, Sender};
use crate::errno::Errno;
use crate::pool::Slice;

/// What may have become possible since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// How far the handshake is. What of the connection is closed follows from the two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// We have asked for the connection.
    SynSent,
    /// The peer has, and we have answered.
    SynReceived,
    /// Both have heard of the other.
    Open,
    /// Nothing is sent or taken any more; what has arrived can be read.
    Closed,
}

/// A connection, from its first packet on.
///
/// After each call, [`Connection::poll_segment`] is to be called until it gives nothing, then
/// [`Connection::settle`]; at [`Connection::timer`], [`Connection::handle_timeout`].
///
/// Its fields lie in the order in which they are declared, so that what each segment needs is side by side.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Connection {
    pub(super) tx: Sender,
    pub(super) rx: Receiver,
    /// When something of the peer last arrived.
    pub(super) heard_at: Instant,
    pub(super) phase: Phase,
    pub(super) ready: Ready,
    /// Why it ended, until someone was told.
    pub(super) failure: Option<Errno>,
    /// The stream was dropped: nobody reads any more.
    pub(super) is_orphan: bool,
    /// Our FIN was sent before the peer's arrived, so that the pair of addresses stays with us for a while.
    pub(super) closes_first: bool,
    pub(super) syn_due: bool,
    /// A RST with this number is due.
    pub(super) reset_at: Option<u64>,
    /// How long closing lingers; with zero it resets (`SO_LINGER`).
    pub(super) linger: Option<Duration>,
    pub(super) keepalive: Keepalive,
}

impl Connection {
    /// Whether segments for it still reach it.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Whether the peer has asked for it and has not yet heard our answer.
    #[inline]
    pub(crate) fn is_half_open(&self) -> bool {
        self.phase == Phase::SynReceived
    }

    /// Whether our SYN has not been answered yet.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.phase == Phase::SynSent
    }

    /// Something came that cannot be of this connection: who sent it is told what is expected (RFC 5961).
    pub(crate) fn challenge(&mut self) {
        self.rx.demand_ack();
    }

    /// Up to which number the peer may send.
    #[cfg(test)]
    pub(super) fn granted(&self) -> u64 {
        self.rx.edge()
    }

    /// Whether the connection stands, and so has a peer.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::SynReceived | Phase::Open)
    }

    /// What may have become possible.
    #[inline]
    pub(crate) fn take_ready(&mut self) -> Ready {
        std::mem::take(&mut self.ready)
    }

    /// Takes a segment, and out of it the payload.
    #[inline(always)]
    pub(crate) fn handle_segment(&mut self, context: &mut Context<'_>, segment: &mut Segment) {
        let is_expected = self.phase == Phase::Open
            && segment.flags == Flags::ACK
            && segment.seq == self.rx.next()
            && segment.ack <= self.tx.next()
            && !self.is_orphan;
        if is_expected {
            self.handle_expected(context, segment);
        } else {
            self.handle_any(context, segment);
        }
    }

    /// What arrives nearly always: the next data, or an acknowledgement.
    #[inline(always)]
    fn handle_expected(&mut self, context: &mut Context<'_>, segment: &mut Segment) {
        self.heard_at = context.now;
        let payload = segment.payload.take();
        self.handle_ack(context, segment, payload.is_none());
        if let Some(payload) = payload
            && self.rx.handle_next_payload(context, payload)
        {
            self.ready.read = true;
        }
    }

    /// The same by the long way, which takes any segment.
    #[inline(never)]
    pub(super) fn handle_any(&mut self, context: &mut Context<'_>, segment: &mut Segment) {
        self.heard_at = context.now;
        let takes_text = match self.phase {
            Phase::Closed => false,
            Phase::SynSent => {
                self.handle_answer(context, segment);
                false
            }
            Phase::SynReceived | Phase::Open => self.handle_control(context, segment),
        };
        let fin_at = segment.flags.has(Flags::FIN).then(|| segment.seq_end() - 1);
        let payload = segment.payload.take();
        if takes_text {
            self.handle_text(context, segment.seq, payload, fin_at);
        } else {
            context.pool.release_all(payload);
        }
    }

    #[inline]
    fn handle_ack(&mut self, context: &mut Context<'_>, segment: &Segment, is_bare: bool) {
        if self.tx.handle_ack(context, segment.ack, segment.window, is_bare) && self.tx.is_roomy() {
            self.ready.write = true;
        }
    }

    /// All of a segment but its text; whether the text counts.
    fn handle_control(&mut self, context: &mut Context<'_>, segment: &Segment) -> bool {
        let flags = segment.flags;
        if flags.has(Flags::RST) {
            self.handle_reset(context, segment.seq);
            return false;
        }
        if flags.has(Flags::SYN) && !self.handle_repeated_syn(segment) {
            return false;
        }
        if !flags.has(Flags::ACK) {
            return false;
        }
        if segment.ack > self.tx.next() {
            self.rx.demand_ack();
            return false;
        }
        if self.phase == Phase::SynReceived {
            if segment.ack == 0 {
                return false;
            }
            self.open(context);
        }
        let is_bare = segment.payload.is_none() && !flags.has(Flags::FIN);
        self.handle_ack(context, segment, is_bare);
        !flags.has(Flags::SYN)
    }

    fn handle_text(
        &mut self,
        context: &mut Context<'_>,
        seq: u64,
        payload: Option<Slice>,
        fin_at: Option<u64>,
    ) {
        match payload {
            Some(payload) if self.is_orphan && seq + payload.len() as u64 > self.rx.next() => {
                // Nobody will ever read it, and the peer is to know.
                context.pool.release(payload);
                self.abort(context);
                return;
            }
            Some(payload) => self.ready.read |= self.rx.handle_payload(context, seq, payload),
            None if fin_at.is_none() && seq + 1 == self.rx.next() => self.rx.demand_ack(),
            None => {}
        }
        let Some(fin_at) = fin_at else { return };
        if self.rx.handle_fin(context, fin_at) {
            self.ready.read = true;
            if self.closes_first {
                // Nothing is left to be sent, be it that our FIN has crossed this one (Linux: `tcp_fin` in FIN-WAIT).
                self.rx.demand_ack();
            }
        }
    }

    /// A RST counts if it comes at the expected number; one ahead of it is asked to come again there (RFC 5961).
    fn handle_reset(&mut self, context: &mut Context<'_>, seq: u64) {
        if seq == self.rx.next() {
            let is_closed_by_peer = self.rx.is_finished() && !self.tx.is_finishing();
            let why = if is_closed_by_peer { Errno::BrokenPipe } else { Errno::ConnectionReset };
            self.fail(context, why);
        } else if seq > self.rx.next() && seq <= self.rx.edge() {
            self.rx.demand_ack();
        }
    }

    /// Ends the connection: nothing is sent or taken any more.
    pub(crate) fn fail(&mut self, context: &mut Context<'_>, why: Errno) {
        self.phase = Phase::Closed;
        self.keepalive.stop();
        self.failure = Some(why);
        self.ready = Ready { read: true, write: true };
        self.tx.clear(context.pool);
        self.rx.clear_ahead(context.pool);
    }

    /// When it wants [`Connection::handle_timeout`] to be called, at the latest; [`Instant::MAX`] is never.
    pub(crate) fn timer(&self) -> Instant {
        self.transfer_timer().min(self.keepalive.timer())
    }

    /// [`Connection::timer`] without the keepalive's, which moves only in calls for options, in the handshake and in
    /// [`Connection::handle_timeout`].
    #[inline]
    pub(crate) fn transfer_timer(&self) -> Instant {
        self.tx.timer().min(self.rx.timer())
    }

    /// Whether all that it waits for is the peer's window: nothing of its own is under way or due.
    pub(crate) fn is_probing(&self) -> bool {
        self.phase == Phase::Open && self.rx.timer() == Instant::MAX && self.tx.is_probing()
    }

    /// Whether the peer has room that this end does not know of, since the packet that said so was lost.
    pub(crate) fn is_behind(&self, peer: &Connection) -> bool {
        self.tx.is_behind(peer.rx.edge())
    }

    /// Whether there may be something to send, or an end to settle.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.phase != Phase::Open || self.rx.is_ack_due() || self.tx.has_work()
    }

    /// [`Connection::has_work`] after a segment that [`Connection::poll_new_segment`] gave: it bears the acknowledgement that was due.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        self.tx.has_work()
    }

    /// Does what is due. What it gives is to be sent, before [`Connection::poll_segment`] is called.
    pub(crate) fn handle_timeout(&mut self, context: &mut Context<'_>) -> Option<Segment> {
        if self.phase == Phase::Closed {
            return None;
        }
        if self.rx.timer() <= context.now {
            self.rx.handle_timeout();
        }
        if self.tx.timer() <= context.now {
            self.handle_transfer_timeout(context);
        }
        if self.keepalive.timer() <= context.now { self.handle_keepalive_timeout(context) } else { None }
    }

    fn handle_keepalive_timeout(&mut self, context: &mut Context<'_>) -> Option<Segment> {
        match self.keepalive.handle_timeout(context.now, self.heard_at, !self.tx.is_idle()) {
            Verdict::Nothing => None,
            Verdict::Probe => Some(self.segment(context, Flags::ACK, self.tx.probe_seq(), None, false)),
            Verdict::GiveUp => {
                self.reset_at = Some(self.tx.next());
                self.fail(context, Errno::TimedOut);
                None
            }
        }
    }

    fn handle_transfer_timeout(&mut self, context: &mut Context<'_>) {
        let config = &context.rules.config;
        let linear = if self.phase == Phase::SynSent { config.syn_linear_timeouts } else { 0 };
        let retries = match self.phase {
            Phase::SynSent => config.syn_retries.saturating_add(linear),
            Phase::SynReceived => config.synack_retries,
            _ if self.is_orphan => config.orphan_retries,
            _ => config.retries,
        };
        if self.tx.handle_timeout(context, retries, linear) {
            self.syn_due = self.phase != Phase::Open;
        } else {
            self.fail(context, Errno::TimedOut);
        }
    }

    /// The segment to send that is sent nearly always: new data. Where it gives nothing, [`Connection::poll_segment`] may give
    /// something.
    #[inline(always)]
    pub(crate) fn poll_new_segment(&mut self, context: &mut Context<'_>) -> Option<Segment> {
        if self.phase != Phase::Open {
            return None;
        }
        let outgoing = self.tx.poll_new(context)?;
        Some(self.segment_of(context, outgoing))
    }

    /// The next segment to send, if there is one.
    pub(crate) fn poll_segment(&mut self, context: &mut Context<'_>) -> Option<Segment> {
        if self.phase != Phase::Open {
            return self.poll_unusual(context);
        }
        if let Some(outgoing) = self.tx.poll_outgoing(context) {
            return Some(self.segment_of(context, outgoing));
        }
        if self.rx.is_ack_due() {
            return Some(self.segment(context, Flags::ACK, self.tx.next(), None, false));
        }
        None
    }

    #[inline(always)]
    fn segment_of(&mut self, context: &Context<'_>, outgoing: Outgoing) -> Segment {
        let Outgoing { seq, payload, fin } = outgoing;
        let with_data = payload.is_some();
        if fin && !self.rx.is_finished() {
            self.closes_first = true;
        }
        let flags = if fin { Flags::ACK.with(Flags::FIN) } else { Flags::ACK };
        self.segment(context, flags, seq, payload, with_data)
    }

    #[inline(always)]
    fn segment(
        &mut self,
        context: &Context<'_>,
        flags: Flags,
        seq: u64,
        payload: Option<Slice>,
        with_data: bool,
    ) -> Segment {
        let window = self.rx.advertise();
        self.rx.ack_sent(context.now, context.rules, with_data);
        Segment { flags, seq, ack: self.rx.next(), window, payload }
    }

    #[inline(never)]
    fn poll_unusual(&mut self, context: &Context<'_>) -> Option<Segment> {
        if let Some(seq) = self.reset_at.take() {
            let flags = Flags::RST.with(Flags::ACK);
            return Some(Segment { flags, seq, ack: self.rx.next(), window: 0, payload: None });
        }
        if self.phase == Phase::Closed || !std::mem::take(&mut self.syn_due) {
            return None;
        }
        self.tx.syn_sent(context.now, context.rules);
        let is_answer = self.phase == Phase::SynReceived;
        let flags = if is_answer { Flags::SYN.with(Flags::ACK) } else { Flags::SYN };
        let window = self.rx.advertise();
        Some(Segment { flags, seq: 0, ack: self.rx.next(), window, payload: None })
    }
}
