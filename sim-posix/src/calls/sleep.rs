//! Sleeping, or letting others go first.

use std::time::Duration;

use sim_executor::Label;

use super::Caller;
use crate::process::Outcome;

const SLEEP: Label = Label::new("posix.sleep");
const PAUSE: Label = Label::new("posix.pause");
const YIELD: Label = Label::new("posix.yield");
/// What it takes to look whether another thread can go on.
const YIELD_NANOS: u64 = 1_000;

impl Caller<'_> {
    /// Sleeps for a time; what was left of it if a signal came.
    pub(crate) fn sleep(&self, duration: Duration) -> Duration {
        self.process.call_kernel();
        let deadline = self.process.now() + duration;
        loop {
            match self.process.wait(self.thread, SLEEP, Some(deadline)) {
                Outcome::Woken => {}
                Outcome::TimedOut => return Duration::ZERO,
                Outcome::Interrupted { .. } => {
                    let now = self.process.now();
                    return if deadline > now { deadline - now } else { Duration::ZERO };
                }
            }
        }
    }

    /// `pause(2)`: until a signal was taken, or the process ends.
    pub(crate) fn pause(&self) {
        self.process.call_kernel();
        while self.process.wait(self.thread, PAUSE, None) == Outcome::Woken {}
    }

    /// `sched_yield(2)`
    pub(crate) fn yield_now(&self) {
        self.process.call_kernel();
        self.process.use_cpu(YIELD_NANOS);
        self.process.go_last(self.thread, YIELD);
    }
}
