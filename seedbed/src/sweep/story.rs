//! A failed run of a test, made as small as it can be, and told.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use sim_executor::{Config, Report, Source, TraceLevel, World};
use sim_explorer::{Shrink, Shrunk};

use super::Sweep;
use super::patience::Patience;
use crate::failed_run::FailedRun;
use crate::test_output::TestOutput;
use crate::watchdog::{Watch, WatchedRun};

/// So long a failure is shrunk at most, and about so long it is then looked why it fails.
const SHRINKING_MAX: Duration = Duration::from_secs(5);
const EXPLAINING_MAX: Duration = Duration::from_secs(2);

impl Sweep {
    /// Shrinks the failed run, if that is wanted and the run is equal to itself, and puts the story of the failure into its text.
    pub(super) fn tell_story<B, F>(&self, body: &Arc<B>, failed: &mut FailedRun) -> Option<Shrunk>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        if !self.shrink || self.isolated || self.only.is_some() || !failed.is_reproducible() {
            return None;
        }
        let make = &mut |config: Config, source: Box<dyn Source>| -> Report {
            let _watch = Watch::begin(WatchedRun::OfTest(failed.run.clone()));
            let mut world = World::default();
            let (executor, outcome) = self.begin_run(&mut world, config, source, body);
            executor.finish_into(outcome, &mut world)
        };
        let config = self.config(TraceLevel::Off);
        let patience = Patience::of(SHRINKING_MAX);
        let tell = &mut |_: &_| {
            if patience.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let planned = self.planned(failed.run.clone(), body);
        let found = || planned.recipe.source(&planned.survey);
        let shrunk = Shrink::default().shrink(config, &found, make, tell).ok()?;
        let patience = Patience::of(EXPLAINING_MAX);
        let explanation = shrunk.explain(config, make, &mut || !patience.is_over());
        failed.story = Some(explanation.to_string());
        Some(shrunk)
    }
}
