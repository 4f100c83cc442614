//! Sleeping, or letting others go first.

use std::time::Duration;

use sim_executor::{Instant, Label};

use super::Caller;

const SLEEP: Label = Label::new("posix.sleep");
const PAUSE: Label = Label::new("posix.pause");
const YIELD: Label = Label::new("posix.yield");
/// What it takes to look whether another thread can go on.
const YIELD_NANOS: u64 = 1_000;

impl Caller<'_> {
    /// Sleeps for a time.
    pub(crate) fn sleep(&self, duration: Duration) {
        self.process.call_kernel();
        self.sleep_until(self.process.now() + duration);
    }

    /// Sleeps until a time on the monotonic clock.
    pub(crate) fn sleep_until(&self, deadline: Instant) {
        self.process.wait(self.thread, SLEEP, Some(deadline));
    }

    /// `pause(2)`: until the process ends, as no signal comes to it.
    pub(crate) fn pause(&self) {
        self.process.call_kernel();
        self.process.wait(self.thread, PAUSE, None);
    }

    /// `sched_yield(2)`
    pub(crate) fn yield_now(&self) {
        self.process.call_kernel();
        self.process.use_cpu(YIELD_NANOS);
        self.process.go_last(self.thread, YIELD);
    }
}
