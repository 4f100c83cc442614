//! How many polls there are, and which limit is reached with them.

use super::Polling;
use super::busy::Busy;
use crate::limits::{LimitReached, Limits};

impl Polling {
    /// How many polls there were.
    #[inline]
    pub(crate) fn polls(&self) -> u64 {
        self.polls
    }

    /// Counts a poll; a limit if that is reached with it.
    #[inline]
    pub(in crate::run) fn count_poll(&mut self) -> Option<fn(&Limits) -> LimitReached> {
        self.polls += 1;
        if self.polls < self.polls_stop {
            return None;
        }
        self.look_at_limits()
    }

    #[cold]
    fn look_at_limits(&mut self) -> Option<fn(&Limits) -> LimitReached> {
        let Limits { polls_max, .. } = self.limits;
        if self.polls >= polls_max {
            return Some(LimitReached::polls);
        }
        let per_instant = self.limits.polls_per_instant_of(self.tasks.most());
        let watched_from = self.polls_before.saturating_add(Busy::watched_from(per_instant));
        if self.polls < watched_from {
            self.polls_stop = polls_max.min(watched_from);
            return None;
        }
        self.note_busy();
        // From here on it is looked at each poll, so that it is known who is at it.
        self.polls_stop = polls_max.min(self.polls + 1);
        let is_over = self.polls >= self.polls_before.saturating_add(per_instant);
        is_over.then_some(LimitReached::polls_per_instant)
    }

    /// Virtual time has moved.
    #[inline]
    pub(in crate::run) fn begin_instant(&mut self) {
        self.polls_before = self.polls;
        self.polls_stop = self.limits.polls_max.min(self.polls.saturating_add(self.unwatched_polls));
    }
}
