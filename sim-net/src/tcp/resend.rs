//! Which of the sent bytes are sent again: after a timeout, or after three duplicate acknowledgements.
//!
//! After a timeout everything in flight counts as lost, and is sent again as in a slow start: one segment, then two for
//! each acknowledgement. After duplicate acknowledgements only holes are filled, one segment for each acknowledgement
//! that shows the next hole (NewReno, RFC 6582).

/// Duplicate acknowledgements that mean a loss.
const DUPLICATES: u8 = 3;

/// The retransmissions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    resend: Option<Resend>,
    /// What had been sent when the last recovery began: duplicates that answer its own retransmissions start no other.
    recover: u64,
    duplicates: u8,
}

#[derive(Debug)]
struct Resend {
    next: u64,
    until: u64,
    /// Segments that may be sent now.
    credit: u8,
    per_ack: u8,
}

impl Recovery {
    /// No acknowledgement came in time for what was sent from `una` to `next`.
    pub(crate) fn handle_timeout(&mut self, una: u64, next: u64) {
        self.resend = Some(Resend { next: una, until: next, credit: 1, per_ack: 2 });
        self.recover = next;
        self.duplicates = 0;
    }

    /// The peer has acknowledged up to `una` once more, with nothing else to say; whether a recovery begins.
    pub(crate) fn handle_duplicate(&mut self, una: u64, next: u64) -> bool {
        if self.resend.is_some() || una < self.recover {
            return false;
        }
        self.duplicates += 1;
        if self.duplicates < DUPLICATES {
            return false;
        }
        self.duplicates = 0;
        self.resend = Some(Resend { next: una, until: next, credit: 1, per_ack: 1 });
        self.recover = next;
        true
    }

    /// The peer has acknowledged more: everything up to `una`.
    #[inline]
    pub(crate) fn handle_progress(&mut self, una: u64) {
        self.duplicates = 0;
        if let Some(resend) = &mut self.resend {
            resend.next = resend.next.max(una);
            resend.credit = resend.per_ack;
            if resend.next >= resend.until {
                self.resend = None;
            }
        }
    }

    /// From where to where something may be sent again now; asks for [`Recovery::sent`].
    #[inline]
    pub(crate) fn next_turn(&self) -> Option<(u64, u64)> {
        self.resend.as_ref().filter(|resend| resend.credit > 0).map(|resend| (resend.next, resend.until))
    }

    /// A segment that ends before `seq` was sent again.
    pub(crate) fn sent(&mut self, seq: u64) {
        if let Some(resend) = &mut self.resend {
            resend.next = seq;
            resend.credit -= 1;
            if resend.next >= resend.until {
                // What was acknowledged on the way may leave a hole; its duplicates are not counted, the timer sees to it.
                self.resend = None;
            }
        }
    }

    /// Whether something is still to be sent again.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.resend.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_duplicate_starts_one_recovery() {
        let mut recovery = Recovery::default();
        assert_eq!([(); 5].map(|()| recovery.handle_duplicate(10, 50)), [false, false, true, false, false]);
        assert_eq!(recovery.next_turn(), Some((10, 50)));
        recovery.sent(20);
        assert_eq!(recovery.next_turn(), None);
        recovery.handle_progress(30);
        assert_eq!(recovery.next_turn(), Some((30, 50)), "a partial acknowledgement shows the next hole");
        recovery.handle_progress(50);
        assert!(!recovery.is_active());
    }

    #[test]
    fn duplicates_of_its_own_retransmissions_start_no_recovery() {
        let mut recovery = Recovery::default();
        recovery.handle_timeout(10, 50);
        recovery.sent(50);
        assert_eq!([(); 3].map(|()| recovery.handle_duplicate(30, 50)), [false; 3]);
        assert_eq!([(); 3].map(|()| recovery.handle_duplicate(50, 90)), [false, false, true]);
    }

    #[test]
    fn a_timeout_sends_one_segment_then_two_for_each_acknowledgement() {
        let mut recovery = Recovery::default();
        recovery.handle_timeout(0, 100);
        recovery.sent(10);
        assert_eq!(recovery.next_turn(), None);
        recovery.handle_progress(10);
        recovery.sent(20);
        assert_eq!(recovery.next_turn(), Some((20, 100)));
        recovery.sent(30);
        assert_eq!(recovery.next_turn(), None);
    }
}
