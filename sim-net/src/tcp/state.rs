//! What a connection looks like from outside, as Linux shows it.

use sim_executor::Instant;

use super::connection::{Connection, Phase};
use super::time_wait::TimeWait;
use crate::netstat::{SocketState, Timer, TimerKind};

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
