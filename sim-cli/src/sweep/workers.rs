//! The threads that make the runs of a sweep.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Report, World};
use sim_explorer::{Recipe, RunSeed, Swept, Tally};

use super::stop::StopRules;
use super::{Entry, Plan};
use crate::interrupt::Interrupt;
use crate::wall_time::Stopwatch;

/// How a sweep is worked off.
pub(crate) struct Work<'a> {
    /// The number of threads.
    pub(crate) jobs: usize,
    pub(crate) interrupt: &'a Interrupt,
    /// When a program is left.
    pub(crate) rules: StopRules,
    pub(crate) stopwatch: Stopwatch,
    /// Called after every run.
    pub(crate) on_run: &'a (dyn Fn() + Sync),
}

/// What the runs of one program showed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) tally: Tally,
    /// The time that threads have spent on it, all together.
    pub(crate) busy: Duration,
    /// How many runs there were when the latest of them was a new one.
    pub(crate) runs_at_latest: u64,
    /// Whether it was left before all its runs were made.
    pub(crate) is_stopped: bool,
}

impl Row {
    fn add(&mut self, tally: Tally, busy: Duration, rules: &StopRules) {
        let before = self.tally.orders();
        self.tally.merge(tally);
        self.busy += busy;
        if self.tally.orders() > before {
            self.runs_at_latest = self.tally.runs;
        }
        self.is_stopped |= rules.is_enough(self);
    }
}

/// So many seeds a thread takes at a time: few enough that at the end no thread waits long for another one, and enough that
/// taking them costs nothing beside running them.
const SEEDS_PER_PIECE: u64 = 16;

/// Makes all runs of a plan; the rows are in its order. They do not depend on the number of threads, nor on which takes
/// what, unless the sweep is interrupted.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread has whole runs for itself; none shares one with another"
)]
pub(crate) fn sweep(plan: &Plan, work: &Work<'_>) -> Vec<Row> {
    let rows: Vec<Mutex<Row>> = plan.entries.iter().map(|_| Mutex::default()).collect();
    let next_piece = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..work.jobs {
            scope.spawn(|| take_pieces(plan, work, &next_piece, &rows));
        }
    });
    rows.into_iter().map(|row| row.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// Takes one piece after the other, until there are no more: all of the first program, then those of the next one.
fn take_pieces(plan: &Plan, work: &Work<'_>, next_piece: &AtomicU64, rows: &[Mutex<Row>]) {
    let pieces = plan.part.piece_count(SEEDS_PER_PIECE);
    let mut world = World::default();
    while !work.interrupt.is_asked() {
        let number = next_piece.fetch_add(1, Ordering::Relaxed);
        let Some(entry) = plan.entries.get((number / pieces) as usize) else { return };
        let row = || rows[(number / pieces) as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = || work.rules.is_out_of_time(work.stopwatch.elapsed());
        if is_late() {
            let each =
                |row: &Mutex<Row>| row.lock().unwrap_or_else(PoisonError::into_inner).is_stopped = true;
            return rows.iter().for_each(each);
        }
        if row().is_stopped {
            // To the next program at once, however many seeds this one has left.
            next_piece.fetch_max((number / pieces + 1).saturating_mul(pieces), Ordering::Relaxed);
            continue;
        }
        let piece = plan.part.piece(number % pieces, SEEDS_PER_PIECE);
        let stopwatch = Stopwatch::start();
        watchdog::name_subject(&entry.program.to_string());
        // What is watched is the run that comes next.
        let runs = RefCell::new(piece.runs());
        let watch = RefCell::new(None);
        let prepare = |executor: &mut Executor| {
            *watch.borrow_mut() = runs
                .borrow_mut()
                .next()
                .map(|run| Watch::begin(WatchedRun::OfCommand(Recipe::of(run, plan.strategy))));
            entry.prepare(executor);
        };
        let on_run = |_: RunSeed, _: &Report| {
            watch.borrow_mut().take();
            (work.on_run)();
            if work.interrupt.is_asked() || is_late() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let survey = entry.survey.get_or_init(|| {
            let prepare = |executor: &mut Executor| entry.prepare(executor);
            swept(plan, entry, &prepare).survey(&mut world)
        });
        let tally = swept(plan, entry, &prepare).sweep(&mut world, survey, &piece, on_run);
        row().add(tally, stopwatch.elapsed(), &work.rules);
    }
}

fn swept<'a>(plan: &Plan, entry: &'a Entry, prepare: &'a dyn Fn(&mut Executor)) -> Swept<'a> {
    Swept {
        variant: entry.program.variant,
        settings: &entry.settings,
        config: Config { around: Some(watchdog::BEATS), ..Config::default() },
        strategy: plan.strategy,
        prepare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;
    use sim_executor::choose;
    use sim_explorer::{Expect, Part, Scenario, Settings, Strategy, Variant, Violation};
    use std::sync::OnceLock;

    const UNLUCKY: Variant = Variant {
        name: "unlucky",
        about: "",
        expect: Expect::Breaks,
        body: |executor, _| {
            let drawn = executor.block_on(async { choose(20) })?;
            if drawn == 7 { Err(Violation::new("it drew a seven")) } else { Ok(()) }
        },
    };

    const LUCKY: Variant = Variant { name: "lucky", about: "", expect: Expect::Holds, body: |_, _| Ok(()) };

    static SCENARIO: Scenario = Scenario {
        name: "draws",
        about: "",
        invariant: "",
        patterns: &[],
        parameters: &[],
        variants: &[UNLUCKY, LUCKY],
    };

    fn plan(seeds: std::ops::Range<u64>) -> Plan {
        let entry = |program| Entry {
            program,
            settings: Settings::default(),
            given: Vec::new(),
            profile: None,
            survey: OnceLock::new(),
        };
        let entries = Program::of(&SCENARIO).map(entry).collect();
        let (part, shard) = (Part::whole(seeds.clone()), sim_explorer::Shard::WHOLE);
        Plan { entries, part, seeds, shard, strategy: Strategy::Portfolio }
    }

    fn tallies(jobs: usize, interrupt: &Interrupt, on_run: &(dyn Fn() + Sync)) -> Vec<Tally> {
        let (rules, stopwatch) = (StopRules::default(), Stopwatch::start());
        let rows = sweep(&plan(0..100), &Work { jobs, interrupt, rules, stopwatch, on_run });
        rows.into_iter().map(|row| row.tally).collect()
    }

    #[test]
    fn the_result_does_not_depend_on_the_number_of_threads() {
        let one = tallies(1, &Interrupt::default(), &|| {});
        assert!(one[0].failures > 0);
        assert_eq!(one[1].runs, 100);
        for jobs in [2, 3, 16] {
            assert_eq!(tallies(jobs, &Interrupt::default(), &|| {}), one, "{jobs} threads");
        }
    }

    #[test]
    fn an_interrupt_ends_the_sweep_with_what_it_has() {
        let interrupt = Interrupt::default();
        let runs = AtomicU64::new(0);
        let tallies = tallies(1, &interrupt, &|| {
            if runs.fetch_add(1, Ordering::Relaxed) == 29 {
                interrupt.ask();
            }
        });
        assert_eq!(tallies[0].runs, 29, "and one in production order");
        assert_eq!(tallies[1], Tally::default());
    }
}
