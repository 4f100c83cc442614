//! What a connection looks like from outside, as Linux shows it.

use std::fmt;

use sim_executor::Instant;

use super::connection::{Connection, Phase};
use super::time_wait::TimeWait;

/// The state of a socket. UDP and Unix sockets are `Close`, or `Established` if they are connected, as in Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketState {
    /// It waits for connections.
    Listen,
    /// It has asked for a connection.
    SynSent,
    /// It was asked for a connection, and has answered.
    SynRecv,
    /// Both can send.
    Established,
    /// It sends no more, and that is not acknowledged yet.
    FinWait1,
    /// It sends no more, but the peer may.
    FinWait2,
    /// The peer sends no more.
    CloseWait,
    /// Neither sends; the peer was first, and has not acknowledged our end.
    LastAck,
    /// Neither sends; we were first, and the peer has not acknowledged our end.
    Closing,
    /// Neither sends, we were first, and the pair of addresses is kept for a while.
    TimeWait,
    /// There is no connection, or none any more.
    Close,
}

/// What happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What.
    pub kind: TimerKind,
    /// When, unless something else happens before.
    pub due: Instant,
}

/// What a timer of a connection is for; in the words of `ss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimerKind {
    /// Something is sent again (`on`).
    Retransmit,
    /// The peer is asked whether its window is still closed (`persist`).
    Persist,
    /// The peer is asked whether it is still there (`keepalive`).
    Keepalive,
    /// The pair of addresses becomes free (`timewait`).
    TimeWait,
}

impl Connection {
    /// Its state, as RFC 9293 and Linux have it.
    pub(crate) fn state(&self) -> SocketState {
        let (we_end, we_are_heard, peer_ends) =
            (self.tx.is_finishing(), self.tx.is_finished(), self.rx.is_finished());
        match (self.phase, we_end, peer_ends) {
            (Phase::SynSent, ..) => SocketState::SynSent,
            (Phase::SynReceived, ..) => SocketState::SynRecv,
            (Phase::Closed, ..) => SocketState::Close,
            (Phase::Open, false, false) => SocketState::Established,
            (Phase::Open, false, true) => SocketState::CloseWait,
            (Phase::Open, true, false) if we_are_heard => SocketState::FinWait2,
            (Phase::Open, true, false) => SocketState::FinWait1,
            (Phase::Open, true, true) if self.closes_first => SocketState::Closing,
            (Phase::Open, true, true) => SocketState::LastAck,
        }
    }

    /// Bytes that can be read; bytes that were written and are not acknowledged, a SYN and a FIN being one each.
    pub(crate) fn queues(&self) -> (u64, u64) {
        let has_sign = match self.phase {
            Phase::SynSent | Phase::SynReceived => true,
            Phase::Open => self.tx.is_finishing() && !self.tx.is_finished(),
            Phase::Closed => false,
        };
        (self.rx.readable() as u64, self.tx.buffered() as u64 + u64::from(has_sign))
    }

    /// What happens next by itself, besides a delayed acknowledgement.
    pub(crate) fn next_timer(&self) -> Option<Timer> {
        let (transfer, keepalive) = (self.tx.timer(), self.keepalive.timer());
        let kind = match () {
            () if transfer == Instant::MAX && keepalive == Instant::MAX => return None,
            () if keepalive < transfer => TimerKind::Keepalive,
            () if self.tx.is_probing() => TimerKind::Persist,
            () => TimerKind::Retransmit,
        };
        Some(Timer { kind, due: transfer.min(keepalive) })
    }
}

impl TimeWait {
    /// TIME-WAIT, or FIN-WAIT-2 as long as the peer may send.
    pub(crate) fn state(&self) -> SocketState {
        if self.peer_is_finished() { SocketState::TimeWait } else { SocketState::FinWait2 }
    }
}

impl fmt::Display for SocketState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            SocketState::Listen => "LISTEN",
            SocketState::SynSent => "SYN_SENT",
            SocketState::SynRecv => "SYN_RECV",
            SocketState::Established => "ESTABLISHED",
            SocketState::FinWait1 => "FIN_WAIT1",
            SocketState::FinWait2 => "FIN_WAIT2",
            SocketState::CloseWait => "CLOSE_WAIT",
            SocketState::LastAck => "LAST_ACK",
            SocketState::Closing => "CLOSING",
            SocketState::TimeWait => "TIME_WAIT",
            SocketState::Close => "CLOSE",
        })
    }
}

impl fmt::Display for Timer {
    /// Such as `on at 1.204`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            TimerKind::Retransmit => "on",
            TimerKind::Persist => "persist",
            TimerKind::Keepalive => "keepalive",
            TimerKind::TimeWait => "timewait",
        };
        write!(out, "{kind} at {}", self.due)
    }
}
