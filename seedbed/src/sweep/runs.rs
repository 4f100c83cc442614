//! The runs that a test is made of.

use std::sync::Arc;

use sim_executor::{
    Config, Executor, LimitReached, Outcome, Report, RunError, Source, Trace, TraceLevel, World,
};
use sim_explorer::{Part, PropertyTally, RunSeed};

use super::again::{Elsewhere, deeper};
use super::caller::Caller;
use super::subject::Subject;
use super::{NeverHit, Passed, Sweep, SweepError};
use crate::around_poll;
use crate::failed_run::FailedRun;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::real_threads::Watched;
use crate::test_output::TestOutput;
use crate::watchdog::{self, Watch, WatchedRun};

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
        self.try_run_for(Caller::Program(name), Arc::new(body), deeper::<B, F>)
    }

    /// Runs a test for that caller; what is repeated is made `elsewhere`.
    #[track_caller]
    pub(super) fn try_run_for<B, F>(
        &self,
        caller: Caller<'_>,
        body: Arc<B>,
        elsewhere: Elsewhere<B>,
    ) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let inside = if self.only.is_some() { PanicsInside::Shown } else { PanicsInside::Quiet };
        install_panic_hook(inside);
        watchdog::name_subject(caller.name());
        if let Some(run) = self.only {
            let report = self.make_run(&mut World::default(), run, self.trace, &body);
            return if report.outcome.is_done() {
                let mut properties = PropertyTally::default();
                properties.add(&report);
                Ok(Passed { runs: 1, hashes: vec![report.hash], log: report.trace, properties })
            } else {
                let log = report.trace.clone();
                Err(FailedRun::new(caller.name(), run, report, log, usize::MAX, caller.command()).into())
            };
        }
        let subject = Subject { sweep: self, caller, body, elsewhere };
        let mut world = World::default();
        let (mut hashes, mut properties) = (Vec::new(), PropertyTally::default());
        for run in Part::whole(0..self.seeds).runs() {
            let report = self.make_run(&mut world, run, TraceLevel::Off, &subject.body);
            if !report.outcome.is_done() {
                return Err(subject.failed(run, report, hashes.first().copied()).into());
            }
            if self.is_repeated(run) {
                let again = subject.make_elsewhere(run, TraceLevel::Off);
                if !again.is_same(report.hash, &report.outcome) {
                    return Err(subject.diverged(run, [report.hash, again.hash]).into());
                }
            }
            hashes.push(report.hash);
            properties.add(&report);
        }
        if self.require_sometimes {
            if properties.never_hit().next().is_some() {
                let name = subject.caller.name().to_string();
                return Err(SweepError::NeverHit(NeverHit { name, properties }));
            }
            print!("{properties}");
        }
        Ok(Passed { runs: hashes.len() as u64, hashes, log: Trace::default(), properties })
    }

    /// Production order always; of the seeds so many, evenly spread, as [`Sweep::repeated`] says.
    fn is_repeated(&self, run: RunSeed) -> bool {
        const ONE_IN: u64 = 10;
        let RunSeed::Seed(seed) = run else { return true };
        let wanted = if self.repeated == 0 { 0 } else { self.repeated.max(self.seeds / ONE_IN) };
        // The first, and whenever the share of what was repeated would fall behind.
        let due = |seeds: u64| u128::from(seeds) * u128::from(wanted) / u128::from(self.seeds.max(1));
        wanted > 0 && (seed == 0 || due(seed + 1) > due(seed))
    }

    #[track_caller]
    pub(crate) fn make_run<B, F>(
        &self,
        world: &mut World,
        run: RunSeed,
        trace: TraceLevel,
        body: &Arc<B>,
    ) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let _watch = Watch::begin(WatchedRun::OfTest(run));
        let (executor, outcome) = self.begin_run(world, run, trace, body);
        executor.finish_into(outcome, world)
    }

    /// With new memory, so that a difference is seen that would come from the world; and under observation.
    #[track_caller]
    pub(super) fn make_observed_run<B, F>(
        &self,
        run: RunSeed,
        trace: TraceLevel,
        body: &Arc<B>,
        watched: &mut Watched,
    ) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let _watch = Watch::begin(WatchedRun::OfTest(run));
        let mut world = World::default();
        let (executor, outcome) = self.begin_run(&mut world, run, trace, body);
        watched.look(&executor, &outcome);
        executor.finish_into(outcome, &mut world)
    }

    #[track_caller]
    fn begin_run<B, F>(
        &self,
        world: &mut World,
        run: RunSeed,
        trace: TraceLevel,
        body: &Arc<B>,
    ) -> (Executor, Outcome)
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        self.begin_run_of(world, self.config(trace), run.source(), body)
    }

    /// How each run is made, but for its source.
    pub(super) fn config(&self, trace: TraceLevel) -> Config {
        Config {
            limits: self.limits,
            budget: self.budget,
            stats: self.stats,
            buggify: self.buggify,
            swarm: self.swarm,
            around: Some(around_poll::OF_A_TEST),
            trace,
            ..Config::default()
        }
    }

    #[track_caller]
    pub(super) fn begin_run_of<B, F>(
        &self,
        world: &mut World,
        config: Config,
        source: Box<dyn Source>,
        body: &Arc<B>,
    ) -> (Executor, Outcome)
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let mut executor = Executor::in_world(config, source, world);
        #[cfg(feature = "net")]
        if let Some(profile) = self.network {
            executor.enter(|| crate::net::profile::choose(profile));
        }
        let body = Arc::clone(body);
        let outcome = match executor.block_on(async move { body().await.failure() }) {
            Ok(None) => Outcome::Done,
            Ok(Some(message)) => Outcome::Failed { message },
            Err(error) => error.into(),
        };
        (executor, outcome)
    }
}

/// Whether the run was ended because its trace had become too long.
pub(super) fn is_cut_off(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(RunError::Limit { limit: LimitReached { name: "records_max", .. }, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(seeds: u64, repeated: u64) -> Vec<u64> {
        let sweep = Sweep { seeds, repeated, ..Sweep::default() };
        (0..seeds).filter(|&seed| sweep.is_repeated(RunSeed::Seed(seed))).collect()
    }

    #[test]
    fn a_share_of_all_seeds_is_repeated_and_at_least_so_many() {
        assert_eq!(repeated(5, 8), [0, 1, 2, 3, 4]);
        assert_eq!(repeated(100, 8).len(), 11);
        assert_eq!(repeated(1_000, 8).len(), 101);
        assert_eq!(repeated(20, 8).len(), 9);
        assert_eq!(repeated(30, u64::MAX).len(), 30);
    }

    #[test]
    fn what_is_repeated_is_spread_over_all() {
        let seeds = repeated(1_000, 8);
        assert!(seeds.windows(2).all(|pair| pair[1] - pair[0] <= 10), "{seeds:?}");
        assert_eq!(seeds.last(), Some(&999));
    }

    #[test]
    fn nothing_but_production_order_is_repeated_where_none_is_wanted() {
        assert_eq!(repeated(100, 0), [0; 0]);
        assert!(Sweep { repeated: 0, ..Sweep::default() }.is_repeated(RunSeed::Production));
    }
}
