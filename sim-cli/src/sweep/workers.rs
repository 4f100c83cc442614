//! The threads that make the runs of a sweep.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Report, World};
use sim_explorer::{Part, Recipe, RunSeed, Survey, Swept};

use super::rows::Made;
use super::todo::Todo;
use super::{Entry, Plan};
use crate::wall_time::Stopwatch;

/// How a sweep is worked off.
pub(crate) struct Work<'a> {
    /// The number of threads.
    pub(crate) jobs: usize,
    /// The pieces that are to be made.
    pub(crate) todo: &'a Todo,
    /// Whether the sweep is to end with what it has.
    pub(crate) is_over: &'a (dyn Fn() -> bool + Sync),
    /// Called after every run.
    pub(crate) on_run: &'a (dyn Fn() + Sync),
    /// Called after every piece, with its number.
    pub(crate) on_piece: &'a (dyn Fn(u64, Made) + Sync),
}

/// So many seeds a thread takes at a time: few enough that at the end no thread waits long for another one, and enough that
/// taking them costs nothing beside running them.
pub(crate) const SEEDS_PER_PIECE: u64 = 16;

/// Makes the pieces of a plan that are to be made.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread has whole runs for itself; none shares one with another"
)]
pub(crate) fn sweep(plan: &Plan, work: &Work<'_>) {
    std::thread::scope(|scope| {
        for _ in 0..work.jobs {
            scope.spawn(|| {
                let mut world = World::default();
                while !(work.is_over)()
                    && let Some(unit) = work.todo.take()
                {
                    let (entry, part) = piece(plan, unit);
                    let made = make(plan, entry, &part, &mut world, &|| {
                        (work.on_run)();
                        if (work.is_over)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    });
                    (work.on_piece)(unit, made);
                }
            });
        }
    });
}

/// The program of a piece, and which of its runs they are.
pub(crate) fn piece(plan: &Plan, unit: u64) -> (&Entry, Part) {
    let pieces = plan.part.piece_count(SEEDS_PER_PIECE);
    (&plan.entries[(unit / pieces) as usize], plan.part.piece(unit % pieces, SEEDS_PER_PIECE))
}

/// Makes these runs of a program. After each it is asked whether that was the last.
pub(crate) fn make(
    plan: &Plan,
    entry: &Entry,
    part: &Part,
    world: &mut World,
    on_run: &dyn Fn() -> ControlFlow<()>,
) -> Made {
    let stopwatch = Stopwatch::start();
    watchdog::name_subject(&entry.program.to_string());
    // What is watched is the run that comes next.
    let runs = RefCell::new(part.runs().peekable());
    let watch = RefCell::new(None);
    let prepare = |executor: &mut Executor| {
        *watch.borrow_mut() = runs
            .borrow_mut()
            .peek()
            .map(|&run| Watch::begin(WatchedRun::OfCommand(Recipe::of(run, plan.strategy))));
        entry.prepare(executor);
    };
    let survey = survey(plan, entry, world);
    let tally = swept(plan, entry, &prepare).sweep(world, survey, part, |_: RunSeed, _: &Report| {
        runs.borrow_mut().next();
        watch.borrow_mut().take();
        on_run()
    });
    Made { tally, busy: stopwatch.elapsed(), deaths: 0 }
}

/// What the strategy needs to know of the program, which is looked at once.
pub(super) fn survey<'a>(plan: &Plan, entry: &'a Entry, world: &mut World) -> &'a Arc<Survey> {
    entry.survey.get_or_init(|| {
        let prepare = |executor: &mut Executor| entry.prepare(executor);
        swept(plan, entry, &prepare).survey(world)
    })
}

fn swept<'a>(plan: &Plan, entry: &'a Entry, prepare: &'a dyn Fn(&mut Executor)) -> Swept<'a> {
    Swept {
        variant: entry.program.variant,
        settings: &entry.settings,
        config: Config { around: Some(watchdog::BEATS), ..plan.checks.config() },
        strategy: plan.strategy,
        prepare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::Interrupt;
    use crate::program::Program;
    use crate::sweep::in_this_process;
    use crate::sweep::stop::StopRules;
    use sim_executor::choose;
    use sim_explorer::{Expect, Scenario, Settings, Strategy, Tally, Variant, Violation};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

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
        Plan {
            entries,
            part,
            seeds,
            shard,
            strategy: Strategy::Portfolio,
            checks: crate::checks::Checks::default(),
        }
    }

    fn tallies(jobs: usize, interrupt: &Interrupt, on_run: &(dyn Fn() + Sync)) -> Vec<Tally> {
        let rules = StopRules::default();
        let rows = in_this_process(&plan(0..100), jobs, interrupt, (rules, Stopwatch::start()), on_run);
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
