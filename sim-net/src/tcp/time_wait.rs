//! What remains of a connection that we closed first: enough to answer what is still on its way.

use sim_executor::Instant;

use super::config::TcpConfig;
use super::context::Context;
use super::segment::{Flags, Segment};

/// A closed connection in the state TIME-WAIT, or in FIN-WAIT-2 when its stream was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWait {
    until: Instant,
    /// What we would send next.
    next: u64,
    /// What we expect next.
    expected: u64,
    /// Whether the peer's FIN has arrived.
    peer_is_finished: bool,
}

/// What becomes of it after a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) answer: Option<Segment>,
    pub(crate) is_over: bool,
}

impl TimeWait {
    pub(super) fn new(context: &Context<'_>, next: u64, expected: u64, peer_is_finished: bool) -> Self {
        let until = context.now + context.rules.config.time_wait;
        TimeWait { until, next, expected, peer_is_finished }
    }

    /// When the pair of addresses is free.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// Whether the peer has said that it sends no more.
    pub(super) fn peer_is_finished(&self) -> bool {
        self.peer_is_finished
    }

    /// Takes a segment, of which it keeps nothing.
    pub(crate) fn handle_segment(&mut self, now: Instant, config: &TcpConfig, segment: &Segment) -> Verdict {
        let flags = segment.flags;
        if flags.has(Flags::RST) {
            return Verdict { answer: None, is_over: segment.seq == self.expected };
        }
        let fin_at = segment.seq + segment.len() as u64;
        if !self.peer_is_finished && segment.len() > 0 && fin_at > self.expected {
            // Nobody will ever read it.
            let (flags, ack) = (Flags::RST.with(Flags::ACK), self.expected);
            let answer = Segment { flags, seq: self.next, ack, window: 0, payload: None };
            return Verdict { answer: Some(answer), is_over: true };
        }
        if !self.peer_is_finished && flags.has(Flags::FIN) && fin_at == self.expected {
            self.peer_is_finished = true;
            self.expected += 1;
        }
        if segment.seq_end() == segment.seq && segment.seq >= self.expected {
            return Verdict { answer: None, is_over: false };
        }
        self.until = now + config.time_wait;
        let window = config.receive_buffer_bytes;
        let ack = Segment { flags: Flags::ACK, seq: self.next, ack: self.expected, window, payload: None };
        Verdict { answer: Some(ack), is_over: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(flags: Flags, seq: u64) -> Segment {
        Segment { flags, seq, ack: 10, window: 100, payload: None }
    }

    fn waiting(peer_is_finished: bool) -> TimeWait {
        TimeWait { until: Instant::START, next: 10, expected: 20, peer_is_finished }
    }

    #[test]
    fn the_fin_of_the_peer_is_acknowledged_as_often_as_it_comes() {
        let mut time_wait = waiting(false);
        let fin = bare(Flags::ACK.with(Flags::FIN), 20);
        for _ in 0..3 {
            let verdict = time_wait.handle_segment(Instant::START, &TcpConfig::default(), &fin);
            assert_eq!(verdict.answer.map(|answer| (answer.seq, answer.ack)), Some((10, 21)));
            assert!(!verdict.is_over);
        }
    }

    #[test]
    fn a_late_duplicate_of_the_first_syn_is_acknowledged() {
        for peer_is_finished in [false, true] {
            let syn = Segment { ack: 0, ..bare(Flags::SYN, 0) };
            let verdict =
                waiting(peer_is_finished).handle_segment(Instant::START, &TcpConfig::default(), &syn);
            assert_eq!(verdict.answer.map(|answer| (answer.seq, answer.ack)), Some((10, 20)));
            assert!(!verdict.is_over);
        }
    }

    #[test]
    fn data_that_nobody_will_read_is_reset() {
        let mut pool = crate::pool::Pool::default();
        let segment = Segment { payload: Some(pool.copy_in(b"late")), ..bare(Flags::ACK, 20) };
        let verdict = waiting(false).handle_segment(Instant::START, &TcpConfig::default(), &segment);
        assert!(verdict.is_over && verdict.answer.is_some_and(|answer| answer.flags.has(Flags::RST)));
        let verdict = waiting(true).handle_segment(Instant::START, &TcpConfig::default(), &segment);
        assert!(!verdict.is_over, "after its end the peer sends old data only");
    }

    #[test]
    fn its_time_begins_anew_with_what_is_sent_again() {
        let (mut time_wait, config) = (waiting(true), TcpConfig::default());
        let now = Instant::START + config.time_wait / 2;
        time_wait.handle_segment(now, &config, &bare(Flags::ACK, 20));
        assert_eq!(time_wait.until(), Instant::START, "a bare acknowledgement is nothing new");
        time_wait.handle_segment(now, &config, &bare(Flags::ACK.with(Flags::FIN), 19));
        assert_eq!(time_wait.until(), now + config.time_wait);
    }

    #[test]
    fn a_bare_acknowledgement_is_not_answered_and_a_reset_ends_it() {
        let mut time_wait = waiting(true);
        let config = TcpConfig::default();
        let verdict = time_wait.handle_segment(Instant::START, &config, &bare(Flags::ACK, 20));
        assert_eq!(verdict, Verdict { answer: None, is_over: false });
        assert!(time_wait.handle_segment(Instant::START, &config, &bare(Flags::RST, 20)).is_over);
    }
}
