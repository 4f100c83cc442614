//! The sending half of a connection: what was written, until it is acknowledged.

use sim_executor::Instant;

use super::context::Context;
use super::options::Options;
use super::resend::Recovery;
use super::rtt::{RoundTrip, after};
use super::rules::Rules;
use crate::bytes::Bytes;
use crate::pool::{Pool, Slice};

/// The sequence numbers of this half: `una <= next <= end + 1`, the last being the FIN's.
#[derive(Debug)]
pub(crate) struct Sender {
    /// What was written and not acknowledged.
    queue: Bytes,
    /// The oldest that is not acknowledged.
    una: u64,
    /// The next to send.
    next: u64,
    /// After the last byte that was written.
    end: u64,
    /// Up to where the peer's window allows to send. It never moves back, as no receiver takes back what it granted.
    edge: u64,
    /// The largest window that the peer has advertised.
    window_max: u64,
    buffer_bytes: u64,
    /// What counts as a full segment.
    mss_bytes: u64,
    segment_bytes_max: u64,
    /// After the last segment that was sent less than full: another waits for its acknowledgement (Minshall's form of
    /// Nagle's algorithm). [`u64::MAX`] while what was written last is held back.
    small_until: u64,
    /// What [`Sender::small_until`] was before something was held back.
    small_until_before: u64,
    /// No more will be written: a FIN follows the last byte.
    finishing: bool,
    nodelay: bool,
    /// Whether segments less than full are sent at once: `nodelay`, unless something is held back.
    is_eager: bool,
    /// The window was closed, or nearly so, for too long: send what fits, or probe it.
    forced: bool,
    recovery: Recovery,
    /// What is timed for the round trip.
    timed: Timed,
    round_trip: RoundTrip,
    /// Timeouts in a row.
    backoff: u32,
    /// Timeouts in a row in which the peer said nothing.
    attempts: u32,
    /// [`Instant::MAX`] is never.
    timer: Instant,
}

/// What is timed: the acknowledgement of everything before a number, which was sent at some time.
#[derive(Clone, Copy, Debug)]
struct Timed {
    until: u64,
    sent_at: Instant,
}

impl Timed {
    const NOTHING: Timed = Timed { until: u64::MAX, sent_at: Instant::START };
}

/// What to put in a segment.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) seq: u64,
    pub(crate) payload: Option<Slice>,
    pub(crate) fin: bool,
}

impl Sender {
    pub(crate) fn new(rules: &Rules, options: &Options) -> Self {
        Sender {
            queue: Bytes::default(),
            una: 0,
            next: 0,
            end: 1,
            edge: 0,
            window_max: 0,
            buffer_bytes: options.send_buffer_bytes.into(),
            mss_bytes: options.mss_bytes.into(),
            segment_bytes_max: options.segment_bytes_max.into(),
            small_until: 0,
            small_until_before: 0,
            finishing: false,
            nodelay: options.nodelay,
            is_eager: options.nodelay,
            forced: false,
            recovery: Recovery::default(),
            timed: Timed::NOTHING,
            round_trip: RoundTrip::new(rules),
            backoff: 0,
            attempts: 0,
            timer: Instant::MAX,
        }
    }

    /// The next sequence number to send.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// When it wants [`Sender::handle_timeout`] to be called; [`Instant::MAX`] is never.
    #[inline]
    pub(crate) fn timer(&self) -> Instant {
        self.timer
    }

    pub(crate) fn nodelay(&self) -> bool {
        self.nodelay
    }

    /// Sets it, and lets go what was held back.
    pub(crate) fn set_nodelay(&mut self, nodelay: bool) {
        self.release();
        self.nodelay = nodelay;
        self.is_eager = nodelay;
    }

    /// Holds back what was written and does not fill a segment, until more is written, or until a timeout.
    pub(crate) fn hold_back(&mut self) {
        if self.small_until != u64::MAX {
            self.small_until_before = self.small_until;
        }
        self.small_until = u64::MAX;
        self.is_eager = false;
    }

    /// Lets go what was held back.
    pub(crate) fn release(&mut self) {
        if self.small_until == u64::MAX {
            self.small_until = self.small_until_before;
            self.is_eager = self.nodelay;
        }
    }

    /// Says that no more will be written.
    pub(crate) fn finish(&mut self) {
        self.finishing = true;
    }

    pub(crate) fn is_finishing(&self) -> bool {
        self.finishing
    }

    /// Whether there may be something to send, or nothing ever again.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.next < self.end || self.finishing || self.recovery.is_active()
    }

    /// Whether the peer has acknowledged the FIN.
    #[inline]
    pub(crate) fn is_finished(&self) -> bool {
        self.finishing && self.una > self.end
    }

    /// Whether its timer is there to probe a window that has no room at all.
    pub(crate) fn is_probing(&self) -> bool {
        self.timer != Instant::MAX && self.una == self.next && self.edge <= self.next
    }

    /// Whether the peer would take more than it has said.
    pub(crate) fn is_behind(&self, peer_edge: u64) -> bool {
        peer_edge > self.edge
    }

    /// Bytes that can be written now.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.buffer_bytes as usize - self.buffered()
    }

    #[inline]
    pub(super) fn buffered(&self) -> usize {
        self.end.saturating_sub(self.una.max(1)) as usize
    }

    /// Whether there is so much room that a waiting writer is worth waking: as in Linux, a third of the buffer.
    #[inline]
    pub(crate) fn is_roomy(&self) -> bool {
        2 * self.room() >= self.buffered()
    }

    /// Takes as many bytes as there is room for.
    #[inline]
    pub(crate) fn write(&mut self, pool: &mut Pool, data: &[u8]) -> usize {
        assert!(!self.finishing, "bytes are written after the last one");
        let taken = data.len().min(self.room());
        self.queue.write(pool, &data[..taken]);
        self.end += taken as u64;
        taken
    }

    /// The SYN was sent, for the first time or again.
    pub(crate) fn syn_sent(&mut self, now: Instant, rules: &Rules) {
        self.timed = if self.next == 0 { Timed { until: 1, sent_at: now } } else { Timed::NOTHING };
        self.next = 1;
        self.timer = self.timeout_from(now, rules);
    }

    /// When an acknowledgement is overdue of what is sent now.
    #[inline]
    fn timeout_from(&self, now: Instant, rules: &Rules) -> Instant {
        let timeout = match self.backoff {
            0 => self.round_trip.timeout(),
            backoff => self.round_trip.timeout_after(backoff, rules),
        };
        after(now, timeout)
    }

    /// What the peer acknowledges and up to where it allows to send; `bare` if the segment has nothing else. Whether that
    /// made room.
    #[inline(always)]
    pub(crate) fn handle_ack(
        &mut self,
        context: &mut Context<'_>,
        ack: u64,
        window: u32,
        bare: bool,
    ) -> bool {
        assert!(ack <= self.next, "{ack} is acknowledged, of {} that were sent", self.next);
        let window = u64::from(window);
        let opened = ack + window > self.edge;
        if opened {
            self.edge = ack + window;
            self.window_max = self.window_max.max(window);
        }
        if ack > self.una {
            self.advance(context, ack);
            return true;
        }
        if self.una == self.next {
            // The answer to a probe: the peer lives, though its window may be closed.
            self.attempts = 0;
            if opened {
                self.backoff = 0;
                self.timer = Instant::MAX;
            }
        } else if ack == self.una && bare && !opened && self.recovery.handle_duplicate(self.una, self.next) {
            self.timed = Timed::NOTHING;
        }
        false
    }

    #[inline(always)]
    fn advance(&mut self, context: &mut Context<'_>, ack: u64) {
        // Neither the SYN nor the FIN is in the queue.
        let bytes = ack.min(self.end).saturating_sub(self.una.max(1));
        self.queue.skip(context.pool, bytes as usize);
        self.una = ack;
        self.backoff = 0;
        self.attempts = 0;
        if ack >= self.timed.until {
            let took = context.now.as_nanos().saturating_sub(self.timed.sent_at.as_nanos());
            self.round_trip.measured(took, context.rules);
            self.timed = Timed::NOTHING;
        }
        self.recovery.handle_progress(ack);
        self.timer =
            if self.next > ack { self.timeout_from(context.now, context.rules) } else { Instant::MAX };
    }

    /// Its time has come; `false` if it was for the last time, after `retries` in a row without an answer. The timeout doubles,
    /// but for the first `linear` times.
    pub(crate) fn handle_timeout(&mut self, context: &Context<'_>, retries: u32, linear: u32) -> bool {
        self.timer = Instant::MAX;
        self.attempts += 1;
        if self.attempts > retries {
            return false;
        }
        self.backoff += u32::from(self.attempts > linear);
        self.timed = Timed::NOTHING;
        if self.una == self.next {
            self.forced = true;
        } else if self.next > 1 {
            self.recovery.handle_timeout(self.una, self.next);
        }
        self.timer = self.timeout_from(context.now, context.rules);
        true
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

    #[inline]
    fn send_more(&mut self, context: &mut Context<'_>) -> Option<Outgoing> {
        let unsent = self.end - self.next;
        let sendable = unsent.min(self.edge.saturating_sub(self.next));
        if !self.is_worth_sending(sendable, unsent) {
            if self.forced {
                self.forced = false;
                // A probe repeats a number that the peer has seen, so that it must answer with its window.
                return Some(Outgoing { seq: self.probe_seq(), payload: None, fin: false });
            }
            if self.timer == Instant::MAX {
                self.timer = self.timeout_from(context.now, context.rules);
            }
            return None;
        }
        self.forced = false;
        let bytes_max = sendable.min(self.segment_bytes_max);
        let payload = self.share(context.pool, self.next, bytes_max as usize);
        let bytes = payload.len() as u64;
        if bytes == sendable && (bytes < self.mss_bytes || !bytes.is_multiple_of(self.mss_bytes)) {
            self.note_small(self.next + bytes);
        }
        let fin = self.finishing && self.next + payload.len() as u64 == self.end;
        Some(self.sent(context, Some(payload), fin))
    }

    /// Nagle's algorithm, and no silly windows (RFC 1122, 4.2.3.4).
    #[inline]
    fn is_worth_sending(&self, sendable: u64, unsent: u64) -> bool {
        if sendable == 0 {
            return false;
        }
        let is_last = sendable == unsent && (self.is_eager || self.finishing || self.una >= self.small_until);
        sendable >= self.mss_bytes || is_last || 2 * sendable >= self.window_max || self.forced
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

    /// Whether nothing is unacknowledged or unsent.
    pub(crate) fn is_idle(&self) -> bool {
        self.una == self.next && self.next >= self.end
    }

    /// What makes the peer answer: a number that it has seen already.
    pub(crate) fn probe_seq(&self) -> u64 {
        self.una - 1
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

    /// Gives everything back and stops.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        self.queue.clear(pool);
        self.una = self.next;
        self.end = self.next;
        self.recovery = Recovery::default();
        self.timer = Instant::MAX;
    }
}
