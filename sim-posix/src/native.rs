//! What native tasks read of the machine: the clock of their node, a little later at each read, or random bytes that every run repeats.

use std::cell::Cell;
use std::time::Duration;

use sim_executor::context::RunTag;
use sim_executor::{context, mix, time};

/// What a read adds: a loop that reads the clock until a time has come must end.
const READ_NANOS: u64 = 20;
/// A task that has read so much time together is charged for it.
const AHEAD_NANOS_MAX: u64 = 100_000;

/// How far reads have gone ahead of the clock of a node.
pub(crate) struct Reads {
    run: Cell<Option<RunTag>>,
    ahead: Cell<u64>,
    at: Cell<u64>,
    /// How many words of random bytes were read.
    words: Cell<u64>,
}

impl Reads {
    pub(crate) const fn new() -> Self {
        Reads { run: Cell::new(None), ahead: Cell::new(0), at: Cell::new(0), words: Cell::new(0) }
    }

    /// Begins anew in another run.
    fn begin(&self) {
        let run = RunTag::current();
        if self.run.replace(Some(run)) != Some(run) {
            self.ahead.set(0);
            self.words.set(0);
        }
    }

    /// Fills a buffer with bytes that are the same in each run, and never the same twice in one. They are no choice of the run: a thread draws them
    /// once, for all runs that it makes, so that the later ones would differ from the first.
    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        const STREAM: u64 = 0x7365_6564_6265_6421;
        self.begin();
        for part in buffer.chunks_mut(8) {
            let word = mix(STREAM, self.words.get()).to_le_bytes();
            self.words.set(self.words.get() + 1);
            part.copy_from_slice(&word[..part.len()]);
        }
    }

    /// The monotonic clock, and the time since 1970.
    pub(crate) fn read(&self) -> (Duration, Duration) {
        self.begin();
        let (now, wall) = context::read_clocks();
        if self.at.replace(now.as_nanos()) != now.as_nanos() {
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
