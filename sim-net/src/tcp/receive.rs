//! The receiving half of a connection: what has arrived, until it is read.

use std::collections::VecDeque;

use sim_executor::Instant;

use super::context::Context;
use super::options::Options;
use super::rules::Rules;
use crate::bytes::Bytes;
use crate::pool::{Pool, Slice};

/// A tick of Linux' clock at 250 Hz, in nanoseconds.
const TICK_NS: u64 = 4_000_000;

/// The sequence numbers of this half: `read <= next`, and data is taken up to `read + buffer_bytes`.
///
/// Its fields lie in the order in which they are declared: what each segment needs comes last, side by side in few cache lines.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Receiver {
    /// What has arrived ahead of a gap: sorted, and without overlaps.
    ahead: VecDeque<Ahead>,
    /// The number of the peer's FIN, once it has arrived, though perhaps ahead of a gap.
    fin_at: Option<u64>,
    /// What can be read, in order.
    queue: Bytes,
    /// The next number that is expected.
    next: u64,
    /// The next byte to be read.
    read: u64,
    /// Up to where the peer may send, as was last advertised.
    edge: u64,
    /// What was last acknowledged.
    acked: u64,
    buffer_bytes: u64,
    /// What counts as a full segment.
    mss_bytes: u64,
    /// By how much the window opens at least.
    window_step: u64,
    /// An acknowledgement is due at that time, if no data is sent before; [`Instant::MAX`] is never.
    ack_at: Instant,
    /// When data last arrived; [`Instant::MAX`] if none has.
    arrived_at: Instant,
    finished: bool,
    /// An acknowledgement is due.
    ack_now: bool,
    /// Data has been answered with data, so an acknowledgement is worth delaying even when the reader has nothing left.
    interactive: bool,
}

#[derive(Debug)]
struct Ahead {
    seq: u64,
    slice: Slice,
}

impl Ahead {
    fn end(&self) -> u64 {
        self.seq + self.slice.len() as u64
    }
}

impl Receiver {
    pub(crate) fn new(options: &Options) -> Self {
        let buffer_bytes = options.receive_buffer_bytes;
        Receiver {
            queue: Bytes::default(),
            ahead: VecDeque::new(),
            next: 0,
            read: 1,
            edge: 1 + u64::from(buffer_bytes),
            acked: 0,
            fin_at: None,
            finished: false,
            buffer_bytes: buffer_bytes.into(),
            mss_bytes: options.mss_bytes.into(),
            window_step: options.window_step(),
            ack_now: false,
            ack_at: Instant::MAX,
            interactive: false,
            arrived_at: Instant::MAX,
        }
    }

    /// The next sequence number that is expected.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Up to where the peer may send.
    pub(crate) fn edge(&self) -> u64 {
        self.edge
    }

    /// Whether the peer's FIN and all before it have arrived.
    #[inline]
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Bytes that can be read now.
    #[inline]
    pub(crate) fn readable(&self) -> usize {
        (self.next - u64::from(self.finished)).saturating_sub(self.read) as usize
    }

    #[inline]
    pub(crate) fn is_ack_due(&self) -> bool {
        self.ack_now
    }

    /// When it wants [`Receiver::handle_timeout`] to be called; [`Instant::MAX`] is never.
    #[inline]
    pub(crate) fn timer(&self) -> Instant {
        self.ack_at
    }

    pub(crate) fn demand_ack(&mut self) {
        self.ack_now = true;
    }

    /// The peer's SYN has arrived.
    pub(crate) fn handle_syn(&mut self) {
        self.next = 1;
    }

    /// The acknowledgement has waited long enough for data to travel with.
    pub(crate) fn handle_timeout(&mut self) {
        self.ack_at = Instant::MAX;
        self.ack_now = true;
        self.interactive = false;
    }

    /// Takes the data that is expected next, by the short way if nothing else is to be seen to; whether there is more to read.
    #[inline(always)]
    pub(crate) fn handle_next_payload(&mut self, context: &mut Context<'_>, slice: Slice) -> bool {
        let is_within = slice.len() > 0 && self.next + slice.len() as u64 <= self.edge;
        if !is_within || !self.ahead.is_empty() || self.fin_at.is_some() {
            return self.handle_payload(context, self.next, slice);
        }
        self.arrived_at = context.now;
        self.append(context.pool, slice);
        self.delay_ack(context);
        true
    }

    /// Takes data; whether there is more to read.
    #[inline(never)]
    pub(crate) fn handle_payload(
        &mut self,
        context: &mut Context<'_>,
        mut seq: u64,
        mut slice: Slice,
    ) -> bool {
        let end = (seq + slice.len() as u64).min(self.edge);
        if end <= self.next || end <= seq {
            // All of it is known, or beyond the window: the peer has not heard what is acknowledged and granted.
            context.pool.release(slice);
            self.ack_now = true;
            return false;
        }
        slice.truncate((end - seq) as usize);
        if seq < self.next {
            slice.skip((self.next - seq) as usize);
            seq = self.next;
        }
        self.arrived_at = context.now;
        if seq > self.next {
            self.insert_ahead(context.pool, seq, slice);
            self.ack_now = true;
            return false;
        }
        self.append(context.pool, slice);
        if !self.ahead.is_empty() {
            self.take_from_ahead(context.pool);
            self.ack_now = true;
        }
        self.delay_ack(context);
        self.finish_if_complete(context);
        true
    }

    #[inline]
    fn delay_ack(&mut self, context: &Context<'_>) {
        if self.next - self.acked >= 2 * self.mss_bytes {
            self.ack_now = true;
        } else if self.ack_at == Instant::MAX {
            self.ack_at = context.now.saturating_add_nanos(context.rules.delayed_ack);
        }
    }

    #[inline]
    fn append(&mut self, pool: &mut Pool, slice: Slice) {
        self.next += slice.len() as u64;
        self.queue.append(pool, slice);
    }

    fn take_from_ahead(&mut self, pool: &mut Pool) {
        while self.ahead.front().is_some_and(|ahead| ahead.seq <= self.next) {
            let Some(mut ahead) = self.ahead.pop_front() else { break };
            if ahead.end() <= self.next {
                pool.release(ahead.slice);
            } else {
                ahead.slice.skip((self.next - ahead.seq) as usize);
                self.append(pool, ahead.slice);
            }
        }
    }

    /// Keeps data that has arrived ahead of a gap, without what is there already.
    fn insert_ahead(&mut self, pool: &mut Pool, mut seq: u64, mut slice: Slice) {
        let at = self.ahead.partition_point(|ahead| ahead.seq <= seq);
        if let Some(before) = at.checked_sub(1).map(|before| &self.ahead[before]) {
            let known = before.end().saturating_sub(seq).min(slice.len() as u64);
            slice.skip(known as usize);
            seq += known;
        }
        while slice.len() > 0 && at < self.ahead.len() {
            let end = seq + slice.len() as u64;
            if self.ahead[at].end() <= end {
                if let Some(covered) = self.ahead.remove(at) {
                    pool.release(covered.slice);
                }
                continue;
            }
            slice.truncate((end.min(self.ahead[at].seq) - seq) as usize);
            break;
        }
        if slice.len() == 0 {
            pool.release(slice);
        } else {
            self.ahead.insert(at, Ahead { seq, slice });
            let end_before = at.checked_sub(1).map_or(0, |before| self.ahead[before].end());
            assert!(end_before <= seq, "what is ahead of a gap overlaps: {end_before} > {seq}");
            let (end, next) =
                (self.ahead[at].end(), self.ahead.get(at + 1).map_or(u64::MAX, |next| next.seq));
            assert!(end <= next, "what is ahead of a gap overlaps: {end} > {next}");
        }
    }

    /// Takes note of the peer's FIN, and of whether all before it has arrived; whether that is new.
    pub(crate) fn handle_fin(&mut self, context: &Context<'_>, fin_at: u64) -> bool {
        if self.finished {
            self.ack_now = true;
            return false;
        }
        self.fin_at = Some(fin_at);
        let finished = self.finish_if_complete(context);
        if !finished {
            self.ack_now = true;
        }
        finished
    }

    /// Takes the FIN if all before it has arrived; whether it was taken.
    fn finish_if_complete(&mut self, context: &Context<'_>) -> bool {
        if self.finished || self.fin_at != Some(self.next) {
            return false;
        }
        self.next += 1;
        self.finished = true;
        if self.arrived_at == Instant::MAX {
            // Linux learns from data how long to wait, and waits for its next tick before that (`icsk_ack.ato` is zero).
            self.ack_at =
                context.now.saturating_add_nanos(context.rules.delayed_ack.min(TICK_NS)).min(self.ack_at);
        }
        self.delay_ack(context);
        true
    }

    /// Copies what can be read, and takes it out.
    pub(crate) fn read(&mut self, pool: &mut Pool, out: &mut [u8]) -> usize {
        let copied = self.queue.read(pool, out);
        self.read += copied as u64;
        self.update_window();
        copied
    }

    /// Copies what can be read, and leaves it there.
    pub(crate) fn peek(&self, pool: &Pool, out: &mut [u8]) -> usize {
        self.queue.peek(pool, out)
    }

    /// After a read: an acknowledgement is due at once if the window has opened much, or if the reader has nothing left and
    /// will hardly answer.
    fn update_window(&mut self) {
        if self.finished {
            return;
        }
        let granted = self.edge.saturating_sub(self.next);
        let free = (self.read + self.buffer_bytes).saturating_sub(self.next);
        let is_much = 2 * granted <= self.buffer_bytes && free >= 2 * granted;
        let is_drained = self.queue.is_empty() && self.ack_at != Instant::MAX && !self.interactive;
        if is_drained || (is_much && self.opened_edge() > self.edge) {
            self.ack_now = true;
        }
    }

    /// Up to where the peer may send if it is told now: further by full segments or half the buffer, never by a little.
    fn opened_edge(&self) -> u64 {
        let edge = self.read + self.buffer_bytes;
        if edge >= self.edge + self.window_step { edge } else { self.edge }
    }

    /// The window for a segment that is sent now.
    #[inline]
    pub(crate) fn advertise(&mut self) -> u32 {
        self.edge = self.opened_edge();
        self.edge.saturating_sub(self.next) as u32
    }

    /// A segment with an acknowledgement is sent, with data or without.
    #[inline]
    pub(crate) fn ack_sent(&mut self, now: Instant, rules: &Rules, with_data: bool) {
        self.ack_now = false;
        self.ack_at = Instant::MAX;
        self.acked = self.next;
        if with_data && is_soon(self.arrived_at, now, rules) {
            self.interactive = true;
        }
    }

    /// Whether data is acknowledged at once rather than late (`TCP_QUICKACK`).
    pub(crate) fn is_quick(&self) -> bool {
        !self.interactive
    }

    /// Sets whether acknowledgements are expected to travel with data; one that waits goes at once if not.
    pub(crate) fn set_quick(&mut self, quick: bool) {
        self.interactive = !quick;
        if quick && self.ack_at != Instant::MAX {
            self.ack_now = true;
        }
    }

    /// Gives back what cannot become readable any more.
    pub(crate) fn clear_ahead(&mut self, pool: &mut Pool) {
        for ahead in self.ahead.drain(..) {
            pool.release(ahead.slice);
        }
        (self.ack_now, self.ack_at) = (false, Instant::MAX);
    }

    /// Gives everything back.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        self.clear_ahead(pool);
        self.queue.clear(pool);
        self.read = self.next;
    }
}

/// Whether something that happens now is an answer to what arrived then, if anything did.
#[inline]
fn is_soon(arrived_at: Instant, now: Instant, rules: &Rules) -> bool {
    arrived_at != Instant::MAX && now.nanos_since(arrived_at) < rules.delayed_ack
}
