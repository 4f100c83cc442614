//! The runs of `each`, shared out over threads.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim_executor::World;
use sim_explorer::{Deviant, Each, End, Next, Search, Wanted};

use super::found::{Found, Row, What, first_line, make_run};
use super::{Interrupt, Plan};
use crate::search::Seedless;
use crate::wall_time::Stopwatch;

/// The searches of all programs of a plan. A thread takes the first run that any of them wants, so that the last program has all threads too.
struct Shared {
    programs: Mutex<Vec<Program>>,
    /// Told when a run was.
    told: Condvar,
}

/// The search of one program.
struct Program {
    search: Search,
    /// What failing runs say, by their texts: one that comes earlier may still be under way.
    failures: BTreeMap<String, String>,
    busy: Duration,
}

/// Searches every program of a plan by `each`; how many threads there are changes nothing in what is found. `None` for a program of
/// which not all was made, since it was interrupted.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread has whole runs for itself; the search goes the same way in whatever order they are told"
)]
pub(super) fn search(plan: &Plan, each: Each, jobs: usize, interrupt: &Interrupt) -> Vec<Option<Row>> {
    let program = || Program {
        search: Search::of_shard(each, plan.shard),
        failures: BTreeMap::new(),
        busy: Duration::ZERO,
    };
    let shared = Shared {
        programs: Mutex::new(plan.entries.iter().map(|_| program()).collect()),
        told: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| shared.work(plan, each, interrupt));
        }
    });
    let programs = shared.programs.into_inner().unwrap_or_else(PoisonError::into_inner);
    programs.into_iter().map(Program::into_row).collect()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Program>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes runs until no program wants any.
    fn work(&self, plan: &Plan, each: Each, interrupt: &Interrupt) {
        let mut world = World::default();
        while let Some((number, wanted, source)) = self.next(interrupt) {
            let stopwatch = Stopwatch::start();
            let deviated = source.deviated();
            let report = make_run(
                &mut world,
                &plan.entries[number],
                &Seedless::Each(each),
                sim_executor::Config::default(),
                Box::new(source),
            );
            let is_failure = !report.outcome.is_done();
            let mut programs = self.lock();
            let program = &mut programs[number];
            program.busy += stopwatch.elapsed();
            if is_failure {
                program.failures.insert(wanted.run.to_string(), first_line(&report));
            }
            program.search.tell(&wanted, &deviated, report.hash, is_failure);
            drop(programs);
            self.told.notify_all();
        }
        // Whoever waits looks whether it is over for them too.
        self.told.notify_all();
    }

    /// The first run that a program wants, which program, and what makes the run; waits while all that is wanted depends on runs that are under way.
    fn next(&self, interrupt: &Interrupt) -> Option<(usize, Wanted, Deviant)> {
        let mut programs = self.lock();
        loop {
            if interrupt.is_asked() {
                return None;
            }
            let mut is_waiting = false;
            for (number, program) in programs.iter_mut().enumerate() {
                match program.search.next() {
                    Next::Run(wanted) => {
                        let source = program.search.source(&wanted);
                        return Some((number, wanted, source));
                    }
                    Next::Wait => is_waiting = true,
                    Next::Nothing => {}
                }
            }
            if !is_waiting {
                return None;
            }
            programs = self.told.wait(programs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Program {
    /// What was found; `None` if the search has not ended.
    fn into_row(self) -> Option<Row> {
        let Program { search, failures, busy } = self;
        let runs = search.runs();
        let (what, text, recipe) = match search.end()? {
            End::Failed { run } => {
                let recipe = run.to_string();
                let text = failures.get(&recipe).cloned().unwrap_or_default();
                (What::Failed(run.steps.len()), text, Some(recipe))
            }
            end @ End::CutOff { .. } => (What::CutOff, end.text(runs), None),
            end @ End::Exhausted { .. } => (What::Exhausted, end.text(runs), None),
        };
        let result = Found { runs, text, what, recipe, equal: search.equal() };
        Some(Row { result, busy, kept: Vec::new() })
    }
}
