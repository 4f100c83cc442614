//! How much a task does in one poll: one that never has to wait is stopped by a limit.

use std::cell::Cell;

use super::with;
use crate::limits::LimitReached;

/// Counts what is done in one poll with a device or a primitive: reads, writes, sleeps that are over.
///
/// A loop of such operations that never has to wait, such as one that reads on at the end of a stream, would not come back
/// to the executor, and no other limit could end it. So whatever may be ready at once, again and again, asks first.
#[derive(Debug, Default)]
pub struct Operations {
    counted: Cell<u32>,
    /// The poll that was under way when the count was last looked at, and what it had done by then.
    poll: Cell<u64>,
    in_poll: Cell<u64>,
}

/// The count is looked at now and then only, so that an operation costs next to nothing for it.
const STRIDE: u32 = 1_024;

impl Operations {
    /// None so far.
    #[must_use]
    pub const fn new() -> Self {
        Operations { counted: Cell::new(0), poll: Cell::new(0), in_poll: Cell::new(0) }
    }

    /// Forgets what was counted.
    pub(super) fn begin_again(&self) {
        self.counted.set(0);
        self.poll.set(0);
        self.in_poll.set(0);
    }

    /// Counts one more. If that is beyond [`Limits::operations_per_poll_max`](crate::Limits::operations_per_poll_max), the
    /// run ends after this poll, and the future that asked must be pending.
    ///
    /// # Panics
    /// Outside a run.
    #[inline]
    #[must_use = "a future that may not go on is pending"]
    pub fn may_go_on(&self) -> bool {
        let counted = self.counted.get().wrapping_add(1);
        self.counted.set(counted);
        !counted.is_multiple_of(STRIDE) || self.is_within_limit()
    }

    #[cold]
    fn is_within_limit(&self) -> bool {
        with(|run| {
            let mut core = run.core_mut();
            let polls = core.polling.polls();
            if self.poll.replace(polls) != polls {
                self.in_poll.set(0);
                return true;
            }
            self.in_poll.set(self.in_poll.get() + u64::from(STRIDE));
            if self.in_poll.get() < core.verdict.limits().operations_per_poll_max {
                return true;
            }
            core.limit_reached(LimitReached::operations_per_poll);
            false
        })
    }
}
