//! What one TCP packet says.

use std::fmt;

use crate::pool::Slice;

/// The flags of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    pub(crate) const ACK: Flags = Flags(1);
    pub(crate) const SYN: Flags = Flags(2);
    pub(crate) const FIN: Flags = Flags(4);
    pub(crate) const RST: Flags = Flags(8);

    #[inline]
    pub(crate) const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    #[inline]
    pub(crate) const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }
}

/// A segment. Its payload must go back to the pool.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) flags: Flags,
    /// Of the SYN, the first byte, or the FIN: whatever comes first.
    pub(crate) seq: u64,
    /// The next that the sender of this segment expects, if it has the flag ACK.
    pub(crate) ack: u64,
    /// How many bytes beyond `ack` may be sent to the sender of this segment.
    pub(crate) window: u32,
    pub(crate) payload: Option<Slice>,
}

impl Segment {
    /// Bytes of payload.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.payload.as_ref().map_or(0, Slice::len)
    }

    /// The sequence number after the segment; a SYN and a FIN count one each.
    pub(crate) fn seq_end(&self) -> u64 {
        let flags = u64::from(self.flags.has(Flags::SYN)) + u64::from(self.flags.has(Flags::FIN));
        self.seq + self.len() as u64 + flags
    }
}

impl fmt::Display for Segment {
    /// Such as `SYN`, `SYN ack 1`, `64 bytes at 1 ack 65`, `FIN at 65 ack 1`, `ack 65 window 0`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.flags.has(Flags::RST) {
            write!(out, "RST at {}", self.seq)?;
            separator = " ";
        }
        if self.flags.has(Flags::SYN) {
            write!(out, "{separator}SYN")?;
            separator = " ";
        }
        if self.len() > 0 {
            let plural = if self.len() == 1 { "" } else { "s" };
            write!(out, "{separator}{} byte{plural} at {}", self.len(), self.seq)?;
            separator = " ";
        }
        if self.flags.has(Flags::FIN) {
            write!(out, "{separator}FIN at {}", self.seq + self.len() as u64)?;
            separator = " ";
        }
        if self.flags.has(Flags::ACK) {
            write!(out, "{separator}ack {}", self.ack)?;
            if self.window == 0 && !self.flags.has(Flags::RST) {
                write!(out, " window 0")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(flags: Flags, window: u32) -> Segment {
        Segment { flags, seq: 1, ack: 65, window, payload: None }
    }

    #[test]
    fn segments_print_what_they_say_and_no_more() {
        assert_eq!(bare(Flags::SYN, 9).to_string(), "SYN");
        assert_eq!(bare(Flags::SYN.with(Flags::ACK), 9).to_string(), "SYN ack 65");
        assert_eq!(bare(Flags::FIN.with(Flags::ACK), 9).to_string(), "FIN at 1 ack 65");
        assert_eq!(bare(Flags::ACK, 0).to_string(), "ack 65 window 0");
        assert_eq!(bare(Flags::RST.with(Flags::ACK), 0).to_string(), "RST at 1 ack 65");
    }

    #[test]
    fn a_syn_and_a_fin_take_a_sequence_number_each() {
        assert_eq!(bare(Flags::ACK, 0).seq_end(), 1);
        assert_eq!(bare(Flags::SYN, 0).seq_end(), 2);
        assert_eq!(bare(Flags::FIN, 0).seq_end(), 2);
    }
}
