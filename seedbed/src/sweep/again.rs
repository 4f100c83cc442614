//! A run that is made again in other circumstances, none of which may change it.

use std::hint::black_box;
use std::sync::Arc;
use std::thread::Builder;

use sim_executor::{Outcome, Report, TraceLevel};

use super::Sweep;
use super::planned::Planned;
use super::runs::is_cut_off;
use crate::divergence::Told;
use crate::real_threads::{Outside, Watched};
use crate::test_output::TestOutput;
use crate::watchdog;

/// What can leave the thread of a run that was made again.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) hash: u64,
    /// As [`Outcome::word`] has it.
    pub(super) word: &'static str,
    /// Whether the run was ended because its trace had become too long.
    pub(super) is_cut_off: bool,
    /// What happened in it, as far as that was traced.
    pub(super) told: Told,
    /// What real threads did meanwhile, where the run failed.
    pub(super) outside: Outside,
}

/// Makes a run in other circumstances than the first time.
pub(super) type Elsewhere<B> = fn(&Sweep, &Planned, TraceLevel, &Arc<B>) -> Seen;

/// On this thread, with another stack and another heap.
#[track_caller]
pub(super) fn deeper<B, F>(sweep: &Sweep, run: &Planned, trace: TraceLevel, body: &Arc<B>) -> Seen
where
    B: Fn() -> F + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    let blocks = disturb_heap();
    let seen = with_deeper_stack(|| {
        let mut watched = Watched::begin();
        let report = sweep.make_observed_run(run, trace, body, &mut watched);
        Seen::new(&report, watched.end())
    });
    drop(blocks);
    seen
}

/// On a thread of its own, with another stack and another heap there.
#[track_caller]
pub(super) fn on_another_thread<B, F>(sweep: &Sweep, run: &Planned, trace: TraceLevel, body: &Arc<B>) -> Seen
where
    B: Fn() -> F + Send + Sync + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    let (sweep, run, body) = (sweep.clone(), run.clone(), Arc::clone(body));
    // Threads that the program starts inherit the name where the platform has it so, which shows whose they are.
    let thread = Builder::new().name(crate::real_threads::unused_name());
    let subject = watchdog::subject();
    let make = move || {
        watchdog::name_subject(&subject);
        deeper(&sweep, &run, trace, &body)
    };
    let made = thread.spawn(make).expect("the system has a thread left");
    made.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Seen {
    fn new(report: &Report, outside: Outside) -> Self {
        Seen {
            hash: report.hash,
            word: report.outcome.word(),
            is_cut_off: is_cut_off(&report.outcome),
            told: Told::new(report),
            outside,
        }
    }

    pub(super) fn is_same(&self, hash: u64, outcome: &Outcome) -> bool {
        self.is_cut_off || (self.hash == hash && self.word == outcome.word())
    }
}

/// Calls it with some pages more on the stack than the caller has: not a whole number of pages, so that the places of
/// variables differ within their pages too.
#[inline(never)]
fn with_deeper_stack<R>(what: impl FnOnce() -> R) -> R {
    let room = black_box([0_u8; 10_007]);
    let result = what();
    black_box(&room);
    result
}

/// Takes blocks of many sizes, and leaves holes between them, so that what is allocated next lies elsewhere and in
/// another order than in a fresh process. What it gives keeps the holes apart.
fn disturb_heap() -> Vec<Vec<u8>> {
    const ROUNDS: usize = 6;
    const SHIFTS: std::ops::Range<usize> = 4..19;
    let mut blocks = Vec::new();
    for round in 0..ROUNDS {
        for shift in SHIFTS {
            blocks.push(Vec::with_capacity((1 << shift) + 16 * round));
        }
    }
    // Given back in an order that is neither that of the sizes nor of the addresses.
    let mut number = 1;
    let mut kept = Vec::new();
    while !blocks.is_empty() {
        number = number * 1_103 % 65_537;
        let block = blocks.swap_remove(number % blocks.len());
        if number.is_multiple_of(3) {
            kept.push(block);
        }
    }
    black_box(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn place_on_stack() -> usize {
        let here = 0_u8;
        std::ptr::from_ref(black_box(&here)).addr()
    }

    #[test]
    fn the_stack_is_deeper_by_no_whole_number_of_pages() {
        let [here, there] = [place_on_stack(), with_deeper_stack(place_on_stack)];
        assert!(here > there);
        assert_ne!((here - there) % 4_096, 0);
    }
}
