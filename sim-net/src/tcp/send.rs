//! The sending half of a connection: what was written, until it is acknowledged.

mod outgoing;

use sim_executor::Instant;

use super::context::Context;
use super::options::Options;
use super::resend::Recovery;
use super::rtt::RoundTrip;
use super::rules::Rules;
use crate::bytes::Bytes;
use crate::pool::Pool;

pub(crate) use outgoing::Outgoing;

/// The sequence numbers of this half: `una <= next <= end + 1`, the last being the FIN's.
///
/// Its fields lie in the order in which they are declared: what each segment needs comes first, side by side in few cache lines.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Sender {
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
    /// What is timed for the round trip.
    timed: Timed,
    round_trip: RoundTrip,
    /// [`Instant::MAX`] is never.
    timer: Instant,
    /// Timeouts in a row.
    backoff: u32,
    /// Timeouts in a row in which the peer said nothing.
    attempts: u32,
    /// No more will be written: a FIN follows the last byte.
    finishing: bool,
    nodelay: bool,
    /// Whether segments less than full are sent at once: `nodelay`, unless something is held back.
    is_eager: bool,
    /// The window was closed, or nearly so, for too long: send what fits, or probe it.
    forced: bool,
    /// What was written and not acknowledged.
    queue: Bytes,
    recovery: Recovery,
    /// What [`Sender::small_until`] was before something was held back.
    small_until_before: u64,
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
        now.saturating_add_nanos(timeout)
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
            let took = context.now.nanos_since(self.timed.sent_at);
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

    /// Whether nothing is unacknowledged or unsent.
    pub(crate) fn is_idle(&self) -> bool {
        self.una == self.next && self.next >= self.end
    }

    /// What makes the peer answer: a number that it has seen already.
    pub(crate) fn probe_seq(&self) -> u64 {
        self.una - 1
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
