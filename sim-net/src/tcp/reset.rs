//! The answer to a segment for which there is no connection.

use super::connection::Connection;
use super::segment::{Flags, Segment};

/// A RST that the sender of the segment will take, unless it is one itself.
pub(crate) fn reset_for(segment: &Segment) -> Option<Segment> {
    if segment.flags.has(Flags::RST) {
        return None;
    }
    let (flags, seq) = if segment.flags.has(Flags::ACK) {
        (Flags::RST, segment.ack)
    } else {
        (Flags::RST.with(Flags::ACK), 0)
    };
    Some(Segment { flags, seq, ack: segment.seq_end(), window: 0, payload: None })
}

impl Connection {
    /// A RST that this end takes, whoever has sent it.
    pub(crate) fn acceptable_reset(&self) -> Segment {
        let flags = Flags::RST.with(Flags::ACK);
        Segment { flags, seq: self.rx.next(), ack: self.tx.next(), window: 0, payload: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_acceptable_to_whom_it_answers_and_never_answered() {
        let syn = Segment { flags: Flags::SYN, seq: 0, ack: 0, window: 0, payload: None };
        let answer = reset_for(&syn).unwrap();
        assert_eq!((answer.flags, answer.ack), (Flags::RST.with(Flags::ACK), 1));
        assert_eq!(reset_for(&answer), None);
        let data = Segment { flags: Flags::ACK, seq: 5, ack: 9, window: 0, payload: None };
        assert_eq!(reset_for(&data).map(|reset| reset.seq), Some(9));
    }
}
