//! The runs of `each`, shared out over threads.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim_executor::World;
use sim_explorer::{Deviant, Each, End, Next, Recipe, Search, Wanted};

use super::Plan;
use super::found::{Found, Row, What, first_line, make_run};
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
    /// Its number in the plan.
    number: u64,
    search: Search,
    /// What failing runs say, by their texts: one that comes earlier may still be under way.
    failures: BTreeMap<String, String>,
    busy: Duration,
    /// Whether it was told what was found.
    is_told: bool,
}

/// Who is told what of the searches.
pub(super) struct Listener<'a> {
    /// Whether they are to end with what they have.
    pub(super) is_over: &'a (dyn Fn() -> bool + Sync),
    /// Told of each run before it begins: how it is made.
    pub(super) begins: &'a (dyn Fn(Option<&Recipe>) + Sync),
    /// Told what was found of a program, with its number in the plan.
    pub(super) on_row: &'a (dyn Fn(u64, Row) + Sync),
}

/// Searches these programs of a plan by `each`; how many threads there are changes nothing in what is found. Nothing is told of a program of
/// which not all was made, since it was interrupted.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread has whole runs for itself; the search goes the same way in whatever order they are told"
)]
pub(super) fn search(plan: &Plan, each: Each, numbers: &[u64], jobs: usize, listener: &Listener<'_>) {
    let program = |&number| Program {
        number,
        search: Search::of_shard(each, plan.shard),
        failures: BTreeMap::new(),
        busy: Duration::ZERO,
        is_told: false,
    };
    let shared = Shared { programs: Mutex::new(numbers.iter().map(program).collect()), told: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| shared.work(plan, each, listener));
        }
    });
    let programs = shared.programs.into_inner().unwrap_or_else(PoisonError::into_inner);
    programs.into_iter().for_each(|mut program| program.tell_row(listener));
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Program>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number in the plan of the program at this place.
    fn number(&self, place: usize) -> usize {
        self.lock()[place].number as usize
    }

    /// Makes runs until no program wants any.
    fn work(&self, plan: &Plan, each: Each, listener: &Listener<'_>) {
        let mut world = World::default();
        while let Some((place, wanted, source)) = self.next(listener) {
            let stopwatch = Stopwatch::start();
            let deviated = source.deviated();
            let report = make_run(
                &mut world,
                &plan.entries[self.number(place)],
                &Seedless::Each(each),
                plan.checks.config(),
                Box::new(source),
                listener.begins,
            );
            let is_failure = !report.outcome.is_done();
            let mut programs = self.lock();
            let program = &mut programs[place];
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
    fn next(&self, listener: &Listener<'_>) -> Option<(usize, Wanted, Deviant)> {
        let mut programs = self.lock();
        loop {
            if (listener.is_over)() {
                return None;
            }
            let mut is_waiting = false;
            for (place, program) in programs.iter_mut().enumerate() {
                match program.search.next() {
                    Next::Run(wanted) => {
                        let source = program.search.source(&wanted);
                        return Some((place, wanted, source));
                    }
                    Next::Wait => is_waiting = true,
                    Next::Nothing => program.tell_row(listener),
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
    /// Tells what was found, once the search has ended.
    fn tell_row(&mut self, listener: &Listener<'_>) {
        if !self.is_told
            && let Some(row) = self.row()
        {
            self.is_told = true;
            (listener.on_row)(self.number, row);
        }
    }

    /// What was found; `None` if the search has not ended.
    fn row(&self) -> Option<Row> {
        let Program { search, failures, busy, .. } = self;
        let busy = *busy;
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
