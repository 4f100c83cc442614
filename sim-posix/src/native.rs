//! The clock that native tasks read: that of their node, a little later at each read.

use std::cell::Cell;
use std::time::Duration;

use sim_executor::context::RunTag;
use sim_executor::{context, time};

/// What a read adds: a loop that reads the clock until a time has come must end.
const READ_NANOS: u64 = 20;
/// A task that has read so much time together is charged for it.
const AHEAD_NANOS_MAX: u64 = 100_000;

/// How far reads have gone ahead of the clock of a node.
pub(crate) struct Reads {
    run: Cell<Option<RunTag>>,
    ahead: Cell<u64>,
    at: Cell<u64>,
}

impl Reads {
    pub(crate) const fn new() -> Self {
        Reads { run: Cell::new(None), ahead: Cell::new(0), at: Cell::new(0) }
    }

    /// The monotonic clock, and the time since 1970.
    pub(crate) fn read(&self) -> (Duration, Duration) {
        let run = RunTag::current();
        let (now, wall) = context::read_clocks();
        if self.run.replace(Some(run)) != Some(run) || self.at.replace(now.as_nanos()) != now.as_nanos() {
            self.ahead.set(0);
        }
        self.at.set(now.as_nanos());
        self.ahead.set(self.ahead.get() + READ_NANOS);
        let ahead = Duration::from_nanos(self.ahead.get());
        if self.ahead.get() >= AHEAD_NANOS_MAX && context::current_task().is_some() {
            self.ahead.set(0);
            time::block_now(ahead);
        }
        (Duration::from_nanos(now.as_nanos()) + ahead, wall + ahead)
    }
}
