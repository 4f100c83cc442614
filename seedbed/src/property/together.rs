//! Inputs, schedule and faults of a case that fails, shrunk together.

use std::fmt::{Debug, Write as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError};
use sim_executor::{Report, Source, TraceLevel, World};
use sim_explorer::{Exceptions, FailureText, Follow, Recipe, RunSeed, Shrink, Shrunk, Signature};

use super::case::Verdict;
use super::kept::Kept;
use crate::environment::Environment;
use crate::failed_run::LastLines;
use crate::reproduce::{Process, TestCommand};
use crate::sweep::{Patience, Sweep};
use crate::watchdog::{Watch, WatchedRun};

/// How often the inputs are shrunk once more under what is left of the schedule.
const ROUNDS_MAX: u32 = 4;
/// So many inputs are tried in each round.
const INPUTS_MAX: u32 = 1_000;
/// So long all of it takes at most.
const WALL_TIME_MAX: Duration = Duration::from_secs(10);

/// What a case is made of.
pub(super) struct Together<'a, S: Strategy, B> {
    pub(super) name: &'static str,
    pub(super) sweep: &'a Sweep,
    pub(super) config: &'a Config,
    /// Gives the case that failed once more, as it was drawn.
    pub(super) cases: &'a Kept<S>,
    pub(super) body: B,
}

/// How a run of the case is made.
#[derive(Clone)]
enum Made {
    /// As it was drawn.
    Drawn(RunSeed),
    /// As it was shrunk.
    Shrunk(Exceptions),
}

impl Made {
    fn source(&self) -> Box<dyn Source> {
        match self {
            Made::Drawn(run) => Recipe::from(*run).source(&Arc::default()),
            Made::Shrunk(exceptions) => Box::new(Follow::new(exceptions).0),
        }
    }
}

impl<I, S, B, F> Together<'_, S, B>
where
    I: Clone + Debug + 'static,
    S: Strategy<Value = (RunSeed, I)>,
    B: Fn(I) -> F + Clone + 'static,
    F: Future<Output = Result<(), TestCaseError>> + 'static,
{
    /// The text of the smallest failure; `None` if this one is not equal to itself.
    pub(super) fn shrink(&self, run: RunSeed, inputs: I) -> Option<String> {
        let Environment { seed, strategy, .. } = Environment::of_process();
        if !self.sweep.shrink || seed.is_some() || strategy.is_some() {
            return None;
        }
        let patience = Patience::of(WALL_TIME_MAX);
        let mut made = Made::Drawn(run);
        let (mut inputs, mut shrunk) = (inputs, None);
        for _ in 0..ROUNDS_MAX {
            let of_inputs = self.schedule_of(&inputs, &made, patience);
            // Whatever was smaller before is so still.
            let Some(of_inputs) = of_inputs else { break };
            let calm = Made::Shrunk(of_inputs.exceptions.clone());
            let smaller = self.smaller_inputs(&inputs, &calm, &of_inputs.signature, patience);
            shrunk = Some((inputs.clone(), of_inputs));
            match smaller {
                Some((smaller, by)) => (inputs, made) = (smaller, by),
                None => break,
            }
        }
        let (inputs, shrunk) = shrunk?;
        Some(self.told(&inputs, &shrunk, patience))
    }

    fn run(&self, inputs: &I, trace: TraceLevel, source: Box<dyn Source>) -> Report {
        self.run_in(inputs, self.sweep.config(trace), source)
    }

    fn run_in(&self, inputs: &I, config: sim_executor::Config, source: Box<dyn Source>) -> Report {
        let _watch = Watch::begin(WatchedRun::OfTestFile);
        let mut world = World::default();
        let (body, inputs) = (self.body.clone(), inputs.clone());
        let body = Arc::new(move || {
            let case = body(inputs.clone());
            async move { Verdict(case.await) }
        });
        let (executor, outcome) = self.sweep.begin_run(&mut world, config, source, &body);
        executor.finish_into(outcome, &mut world)
    }

    /// The smallest schedule with the least faults under which these inputs fail.
    fn schedule_of(&self, inputs: &I, made: &Made, patience: Patience) -> Option<Shrunk> {
        let make = &mut |config, source| self.run_in(inputs, config, source);
        let tell = &mut |_: &_| {
            if patience.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let config = self.sweep.config(TraceLevel::Off);
        Shrink::default().shrink(config, &|| made.source(), make, tell).ok()
    }

    /// Smaller inputs that fail in the same way under this schedule, or as they were drawn, with how they do.
    fn smaller_inputs(
        &self,
        inputs: &I,
        calm: &Made,
        signature: &Signature,
        patience: Patience,
    ) -> Option<(I, Made)> {
        let mut case = self.cases.again(self.config)?;
        let fails = |(run, inputs): &(RunSeed, I)| {
            let config = sim_executor::Config { panic_functions: true, ..self.sweep.config(TraceLevel::Off) };
            [calm.clone(), Made::Drawn(*run)].into_iter().find(|made| {
                let report = self.run_in(inputs, config, made.source());
                Signature::of(&report).as_ref() == Some(signature)
            })
        };
        let mut best: Option<(I, Made)> = None;
        let (mut tried, mut goes_on) = (0, true);
        while goes_on && tried < INPUTS_MAX && !patience.is_over() {
            tried += 1;
            let current = case.current();
            goes_on = match fails(&current) {
                Some(made) => {
                    best = Some((current.1, made));
                    case.simplify()
                }
                // If the case as it was drawn does not fail, there is nothing to begin with.
                None => best.is_some() && case.complicate(),
            };
        }
        best.filter(|(smaller, _)| size(smaller) < size(inputs))
    }

    fn told(&self, inputs: &I, shrunk: &Shrunk, patience: Patience) -> String {
        let make = &mut |config, source| self.run_in(inputs, config, source);
        let story = shrunk.explain(self.sweep.config(TraceLevel::Off), make, &mut || !patience.is_over());
        let report = self.run(inputs, self.sweep.trace, Box::new(Follow::new(&shrunk.exceptions).0));
        let is_default = shrunk.exceptions.count() == 0;
        let how = if is_default { "in the default order" } else { "otherwise than in the default order" };
        let mut text = format!("{} fails {how} ({})\n{story}", self.name, report.outcome.word());
        let log = LastLines { log: &report.trace, lines_shown: self.sweep.lines_shown };
        let command = TestCommand::of_name(self.name, &Process::here());
        let kept = match self.config.failure_persistence {
            Some(_) => "proptest has kept the case, and runs it first",
            None => "with `failure_persistence`, which is off, proptest would run this case first",
        };
        let written = write!(
            text,
            "{log}{}hash {:016x}\nminimal failing input: {inputs:#?}\nreproduce: {command}   ({kept})",
            FailureText(&report),
            report.hash
        );
        written.expect("a String takes all that is written");
        text
    }
}

/// How much a person has to read of some inputs.
fn size(inputs: &impl Debug) -> usize {
    format!("{inputs:?}").len()
}
