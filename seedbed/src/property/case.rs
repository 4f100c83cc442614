//! One case of a property: one run.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use proptest::test_runner::TestCaseError;
use sim_executor::{Report, TraceLevel, World};
use sim_explorer::{FailureText, Recipe, RunSeed};

use crate::environment::{self, Environment};
use crate::failed_run::LastLines;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::reproduce::Under;
use crate::sweep::Sweep;
use crate::test_output::TestOutput;
use crate::watchdog;

/// What a case is, but for its inputs.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The property, by its path.
    pub(super) name: &'static str,
    /// How each run is made.
    pub(super) sweep: Sweep,
    /// In which order.
    pub(super) run: RunSeed,
}

/// One case in so many is run twice.
const REPEATED_ONE_IN: u64 = 8;

/// Runs one case.
///
/// # Errors
/// If the body rejects the inputs, if the run fails, or if two equal runs are not equal.
///
/// # Panics
/// Inside a run; if `SEEDBED_SEED` or `SEEDBED_STRATEGY` has no meaning.
#[track_caller]
pub(super) fn check<I, B, F>(case: Case, inputs: I, body: B) -> Result<(), TestCaseError>
where
    I: Clone + 'static,
    B: Fn(I) -> F + 'static,
    F: Future<Output = Result<(), TestCaseError>> + 'static,
{
    let Case { name, sweep, run } = case;
    install_panic_hook(PanicsInside::Quiet);
    watchdog::name_subject(name);
    let asked = Environment::of_process();
    let recipe = match environment::parse_recipe(asked.seed.as_deref(), asked.strategy.as_deref()) {
        Ok(asked) => asked.unwrap_or_else(|| run.into()),
        Err(error) => panic!("{error}"),
    };
    let verdict = Rc::new(RefCell::new(Ok(())));
    let told = Rc::clone(&verdict);
    let body = Arc::new(move || {
        let (case, told) = (body(inputs.clone()), Rc::clone(&told));
        async move {
            let verdict = case.await;
            *told.borrow_mut() = verdict.clone();
            Verdict(verdict)
        }
    });
    // No closure, whose own place would be told for that of the property.
    let planned = sweep.planned(recipe, &body);
    let report = sweep.make_run(&mut World::default(), &planned, TraceLevel::Off, &body);
    if let Err(TestCaseError::Reject(reason)) = &*verdict.borrow() {
        return Err(TestCaseError::Reject(reason.clone()));
    }
    let is_done = report.outcome.is_done();
    if is_done && !is_repeated(&planned.recipe) {
        return Ok(());
    }
    let again = match is_done {
        true => sweep.make_run(&mut World::default(), &planned, TraceLevel::Off, &body),
        false => sweep.make_failed_run(&planned, &body),
    };
    if again.hash != report.hash {
        return Err(TestCaseError::fail(not_equal(name, &planned.recipe, [&report, &again])));
    }
    if is_done { Ok(()) } else { Err(TestCaseError::fail(failure(name, &sweep, &planned.recipe, &again))) }
}

fn is_repeated(run: &Recipe) -> bool {
    match run {
        Recipe::Seed { seed, .. } => seed.is_multiple_of(REPEATED_ONE_IN),
        _ => true,
    }
}

/// What the body of a case gave.
pub(super) struct Verdict(pub(super) Result<(), TestCaseError>);

impl TestOutput for Verdict {
    fn failure(self) -> Option<String> {
        self.0.err().map(|error| match error {
            TestCaseError::Fail(reason) | TestCaseError::Reject(reason) => reason.to_string(),
        })
    }
}

fn failure(name: &str, sweep: &Sweep, run: &Recipe, report: &Report) -> String {
    let log = LastLines { log: &report.trace, lines_shown: sweep.lines_shown };
    let (word, hash) = (report.outcome.word(), report.hash);
    format!("{name} fails {} ({word})\n{log}{}hash {hash:016x}", Under(run), FailureText(report))
}

fn not_equal(name: &str, run: &Recipe, [first, second]: [&Report; 2]) -> String {
    format!(
        "{name} is not deterministic {}: made twice with the same inputs, its hashes are {:016x} and {:016x}",
        Under(run),
        first.hash,
        second.hash
    )
}
