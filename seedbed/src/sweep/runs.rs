//! The runs that a test is made of.

use std::rc::Rc;

use sim_executor::{Config, Executor, LimitReached, Outcome, Report, RunError, Trace, TraceLevel, World};
use sim_explorer::{Part, RunSeed};

use super::{Passed, Sweep, SweepError};
use crate::divergence::{Difference, Divergence};
use crate::failed_run::FailedRun;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::test_output::TestOutput;

impl Sweep {
    /// Runs a test, whatever the environment says.
    ///
    /// # Errors
    /// The first run that failed, or that was not equal to itself.
    ///
    /// # Panics
    /// Inside a run.
    #[track_caller]
    pub fn try_run<B, F>(&self, name: &str, body: B) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let inside = if self.only.is_some() { PanicsInside::Shown } else { PanicsInside::Quiet };
        install_panic_hook(inside);
        let body = Rc::new(body);
        if let Some(run) = self.only {
            let report = self.make_run(&mut World::default(), run, self.trace, &body);
            return if report.outcome.is_done() {
                Ok(Passed { runs: 1, hashes: vec![report.hash], log: report.trace })
            } else {
                let log = report.trace.clone();
                Err(FailedRun::new(name, run, report, log, usize::MAX).into())
            };
        }
        let mut world = World::default();
        let mut hashes = Vec::new();
        for run in Part::whole(0..self.seeds).runs() {
            let report = self.make_run(&mut world, run, TraceLevel::Off, &body);
            if !report.outcome.is_done() {
                return Err(self.failed(name, run, report, &body).into());
            }
            if self.is_repeated(run) {
                // With new memory, so that a difference is seen that would come from the world.
                let again = self.make_run(&mut World::default(), run, TraceLevel::Off, &body).hash;
                if again != report.hash {
                    return Err(self.diverged(name, run, [report.hash, again], &body).into());
                }
            }
            hashes.push(report.hash);
        }
        Ok(Passed { runs: hashes.len() as u64, hashes, log: Trace::default() })
    }

    fn is_repeated(&self, run: RunSeed) -> bool {
        match run {
            RunSeed::Production => true,
            RunSeed::Seed(seed) => seed < self.repeated,
        }
    }

    #[track_caller]
    fn make_run<B, F>(&self, world: &mut World, run: RunSeed, trace: TraceLevel, body: &Rc<B>) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let config = Config { limits: self.limits, trace, ..Config::default() };
        let mut executor = Executor::in_world(config, run.source(), world);
        let body = Rc::clone(body);
        let outcome = match executor.block_on(async move { body().await.failure() }) {
            Ok(None) => Outcome::Done,
            Ok(Some(message)) => Outcome::Failed { message },
            Err(error) => error.into(),
        };
        executor.finish_into(outcome, world)
    }

    /// Makes a failed run again, with a trace.
    #[track_caller]
    fn failed<B, F>(&self, name: &str, run: RunSeed, report: Report, body: &Rc<B>) -> FailedRun
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let again = self.make_run(&mut World::default(), run, self.trace, body);
        let other_way = again.hash != report.hash && !is_cut_off(&again.outcome);
        let failed = FailedRun::new(name, run, report, again.trace, self.lines_shown);
        FailedRun { repeated_as: other_way.then_some(again.hash), ..failed }
    }

    /// Makes a run that is not equal to itself a few times more, with traces, to see where they part.
    #[track_caller]
    fn diverged<B, F>(&self, name: &str, run: RunSeed, hashes: [u64; 2], body: &Rc<B>) -> Divergence
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        const ATTEMPTS: u32 = 8;
        let make_run = || self.make_run(&mut World::default(), run, TraceLevel::All, body).trace;
        let first = make_run();
        let mut difference = None;
        for _ in 0..ATTEMPTS {
            difference = Difference::between(&first, &make_run());
            if difference.is_some() {
                break;
            }
        }
        Divergence { name: name.to_string(), run, hashes, difference }
    }
}

/// Whether the run was ended because its trace had become too long.
fn is_cut_off(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(RunError::Limit { limit: LimitReached { name: "records_max", .. }, .. }))
}
