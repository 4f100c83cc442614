//! What a connection sends next.

use sim_executor::Instant;

use super::{Sender, Timed};
use crate::pool::{Pool, Slice};
use crate::tcp::context::Context;

/// What to put in a segment.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) seq: u64,
    pub(crate) payload: Option<Slice>,
    pub(crate) fin: bool,
}

impl Sender {
    /// New data to send now, where nothing is to be sent again: what is sent nearly always.
    #[inline(always)]
    pub(crate) fn poll_new(&mut self, context: &mut Context<'_>) -> Option<Outgoing> {
        if self.next >= self.end || self.recovery.is_active() {
            return None;
        }
        let sendable = self.sendable()?;
        Some(self.send_new(context, sendable))
    }

    /// What to send now, if anything.
    #[inline]
    pub(crate) fn poll_outgoing(&mut self, context: &mut Context<'_>) -> Option<Outgoing> {
        if let Some((from, until)) = self.recovery.next_turn() {
            return Some(self.send_again(context, from, until));
        }
        if self.next < self.end {
            return self.send_more(context);
        }
        if self.finishing && self.next == self.end {
            return Some(self.sent(context, None, true));
        }
        None
    }

    #[cold]
    fn send_again(&mut self, context: &mut Context<'_>, from: u64, until: u64) -> Outgoing {
        let data_until = until.min(self.end);
        let payload = (from < data_until).then(|| {
            let bytes_max = (data_until - from).min(self.segment_bytes_max);
            self.share(context.pool, from, bytes_max as usize)
        });
        let data_end = from + payload.as_ref().map_or(0, |slice| slice.len() as u64);
        let fin = data_end == self.end && until > self.end;
        self.recovery.sent(data_end + u64::from(fin));
        Outgoing { seq: from, payload, fin }
    }

    fn send_more(&mut self, context: &mut Context<'_>) -> Option<Outgoing> {
        match self.sendable() {
            Some(sendable) => Some(self.send_new(context, sendable)),
            None => self.hold(context),
        }
    }

    /// How much new data may be sent, of which there is some, if that is worth a segment: Nagle's algorithm, and no silly windows
    /// (RFC 1122, 4.2.3.4).
    #[inline(always)]
    fn sendable(&self) -> Option<u64> {
        let unsent = self.end - self.next;
        let sendable = unsent.min(self.edge.saturating_sub(self.next));
        if sendable == 0 {
            return None;
        }
        let is_last = sendable == unsent && (self.is_eager || self.finishing || self.una >= self.small_until);
        let is_worth =
            is_last || sendable >= self.mss_bytes || 2 * sendable >= self.window_max || self.forced;
        is_worth.then_some(sendable)
    }

    /// Sends so much new data, as far as it fits into a segment.
    #[inline(always)]
    fn send_new(&mut self, context: &mut Context<'_>, sendable: u64) -> Outgoing {
        self.forced = false;
        let bytes_max = sendable.min(self.segment_bytes_max);
        let payload = self.share(context.pool, self.next, bytes_max as usize);
        let bytes = payload.len() as u64;
        if bytes == sendable && (bytes < self.mss_bytes || !bytes.is_multiple_of(self.mss_bytes)) {
            self.note_small(self.next + bytes);
        }
        let fin = self.finishing && self.next + payload.len() as u64 == self.end;
        self.sent(context, Some(payload), fin)
    }

    /// Sends nothing for now, unless that is a probe.
    #[inline(never)]
    fn hold(&mut self, context: &Context<'_>) -> Option<Outgoing> {
        if std::mem::take(&mut self.forced) {
            // A probe repeats a number that the peer has seen, so that it must answer with its window.
            return Some(Outgoing { seq: self.probe_seq(), payload: None, fin: false });
        }
        if self.timer == Instant::MAX {
            self.timer = self.timeout_from(context.now, context.rules);
        }
        None
    }

    /// Notes that a segment less than full is sent, which ends before `seq`.
    #[inline]
    fn note_small(&mut self, seq: u64) {
        if self.small_until == u64::MAX {
            self.small_until_before = seq;
        } else {
            self.small_until = seq;
        }
    }

    /// Notes that something new is sent.
    #[inline]
    fn sent(&mut self, context: &Context<'_>, payload: Option<Slice>, fin: bool) -> Outgoing {
        let seq = self.next;
        self.next += payload.as_ref().map_or(0, |slice| slice.len() as u64) + u64::from(fin);
        if self.una == seq || self.timer == Instant::MAX {
            self.timer = self.timeout_from(context.now, context.rules);
        }
        if self.timed.until == u64::MAX && !self.recovery.is_active() {
            self.timed = Timed { until: self.next, sent_at: context.now };
        }
        Outgoing { seq, payload, fin }
    }

    /// A slice of what was written from `seq` on, as far as it is in one chunk.
    #[inline]
    fn share(&self, pool: &mut Pool, seq: u64, bytes_max: usize) -> Slice {
        self.queue.share(pool, (seq - self.una.max(1)) as usize, bytes_max)
    }
}
