//! Keepalive: an idle peer is asked whether it still lives (RFC 1122, 4.2.3.6).

use sim_executor::Instant;

use super::config::TcpKeepalive;
use super::rules::nanos;

/// The keepalive of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive {
    pub(super) is_on: bool,
    pub(super) times: TcpKeepalive,
    /// Probes since something was last heard.
    probes: u32,
    probed_at: Instant,
    /// When [`Keepalive::handle_timeout`] is to be called; [`Instant::MAX`] is never.
    due: Instant,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    Probe,
    /// The peer is gone.
    GiveUp,
}

impl Keepalive {
    pub(super) fn new(is_on: bool, times: TcpKeepalive) -> Self {
        Keepalive { is_on, times, probes: 0, probed_at: Instant::START, due: Instant::MAX }
    }

    pub(super) fn timer(&self) -> Instant {
        self.due
    }

    /// The connection stands from now on, or the option was set: the time begins.
    pub(super) fn start(&mut self, now: Instant) {
        self.probes = 0;
        self.due = if self.is_on { now.saturating_add_nanos(nanos(self.times.idle)) } else { Instant::MAX };
    }

    /// Other times are set, when something was last heard at `heard_at`.
    pub(super) fn set_times(&mut self, times: TcpKeepalive, now: Instant, heard_at: Instant) {
        self.times = times;
        if self.due != Instant::MAX {
            self.due = heard_at.saturating_add_nanos(nanos(times.idle)).max(now);
        }
    }

    /// Its time has come. `is_busy` if something is unacknowledged or unsent, whose own timer sees to the peer.
    pub(super) fn handle_timeout(&mut self, now: Instant, heard_at: Instant, is_busy: bool) -> Verdict {
        let idle = nanos(self.times.idle);
        if is_busy {
            self.due = now.saturating_add_nanos(idle);
            return Verdict::Nothing;
        }
        if heard_at >= self.probed_at {
            self.probes = 0;
        }
        let idle_until = heard_at.saturating_add_nanos(idle);
        if idle_until > now {
            self.due = idle_until;
            return Verdict::Nothing;
        }
        if self.probes >= self.times.count {
            self.stop();
            return Verdict::GiveUp;
        }
        self.probes += 1;
        self.probed_at = now;
        self.due = now.saturating_add_nanos(nanos(self.times.interval));
        Verdict::Probe
    }

    pub(super) fn stop(&mut self) {
        self.due = Instant::MAX;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seconds(seconds: u64) -> Instant {
        Instant::START + Duration::from_secs(seconds)
    }

    fn keepalive() -> Keepalive {
        let times =
            TcpKeepalive { idle: Duration::from_secs(10), interval: Duration::from_secs(3), count: 2 };
        let mut keepalive = Keepalive::new(true, times);
        keepalive.start(seconds(0));
        keepalive
    }

    #[test]
    fn a_silent_peer_is_probed_so_often_and_then_given_up() {
        let mut keepalive = keepalive();
        let mut verdicts = Vec::new();
        while keepalive.timer() != Instant::MAX {
            let now = keepalive.timer();
            verdicts.push((now, keepalive.handle_timeout(now, seconds(0), false)));
        }
        let expected = [(10, Verdict::Probe), (13, Verdict::Probe), (16, Verdict::GiveUp)];
        assert_eq!(verdicts, expected.map(|(at, verdict)| (seconds(at), verdict)));
    }

    #[test]
    fn what_is_heard_begins_the_time_anew() {
        let mut keepalive = keepalive();
        assert_eq!(keepalive.handle_timeout(seconds(10), seconds(4), false), Verdict::Nothing);
        assert_eq!(keepalive.timer(), seconds(14));
        assert_eq!(keepalive.handle_timeout(seconds(14), seconds(4), false), Verdict::Probe);
        assert_eq!(keepalive.handle_timeout(seconds(17), seconds(15), false), Verdict::Nothing);
        assert_eq!(keepalive.timer(), seconds(25), "the probe was answered");
        assert_eq!(keepalive.handle_timeout(seconds(25), seconds(15), false), Verdict::Probe);
        assert_eq!(keepalive.handle_timeout(seconds(28), seconds(15), false), Verdict::Probe);
        assert_eq!(keepalive.handle_timeout(seconds(31), seconds(15), false), Verdict::GiveUp);
    }

    #[test]
    fn an_answer_counts_even_when_the_interval_is_longer_than_the_idle_time() {
        let times = TcpKeepalive { idle: Duration::from_secs(1), interval: Duration::from_secs(9), count: 1 };
        let mut keepalive = Keepalive::new(true, times);
        for round in 0..5 {
            let now = seconds(1 + 9 * round);
            let heard_at = if round == 0 { seconds(0) } else { seconds(9 * round - 7) };
            assert_eq!(keepalive.handle_timeout(now, heard_at, false), Verdict::Probe, "round {round}");
        }
    }

    #[test]
    fn a_connection_with_unacknowledged_data_is_not_probed() {
        let mut keepalive = keepalive();
        assert_eq!(keepalive.handle_timeout(seconds(10), seconds(0), true), Verdict::Nothing);
        assert_eq!(keepalive.timer(), seconds(20));
    }

    #[test]
    fn other_times_count_from_what_was_last_heard() {
        let mut keepalive = keepalive();
        let shorter = TcpKeepalive { idle: Duration::from_secs(2), ..keepalive.times };
        keepalive.set_times(shorter, seconds(5), seconds(4));
        assert_eq!(keepalive.timer(), seconds(6));
        keepalive.set_times(shorter, seconds(9), seconds(4));
        assert_eq!(keepalive.timer(), seconds(9));
    }
}
