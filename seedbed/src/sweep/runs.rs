//! The runs that a test is made of.

use std::sync::Arc;

use sim_executor::{
    Config, DeadWakers, Executor, LimitReached, Limits, Outcome, Report, RunError, Source, Trace, TraceLevel,
    World,
};
use sim_explorer::{AWAITS, DeviantRun, PropertyTally, Recipe, Search, Survey, confirmed};

use super::again::{Elsewhere, deeper};
use super::caller::Caller;
use super::planned::Planned;
use super::sequence::{Sequence, Turn};
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
        if let Some(recipe) = &self.only {
            return self.run_only(recipe, caller, &body);
        }
        let subject = Subject { sweep: self, caller, body, elsewhere };
        let mut world = World::default();
        let (mut hashes, mut properties) = (Vec::new(), PropertyTally::default());
        let mut sequence = Sequence::new(self);
        loop {
            let (planned, source) = match sequence.next() {
                Turn::Run(planned, source) => (planned, source),
                Turn::Survey => {
                    sequence.learn(self.survey(&subject.body));
                    continue;
                }
                Turn::End => break,
            };
            let report =
                self.make_run_by(&mut world, &planned, source, self.config(TraceLevel::Off), &subject.body);
            let is_failure = !report.outcome.is_done();
            sequence.tell(report.hash, is_failure);
            if is_failure {
                return Err(subject.failed(&planned, report, hashes.first().copied()).into());
            }
            if self.is_repeated(sequence.made()) {
                let again = subject.make_elsewhere(&planned, TraceLevel::Off);
                if !again.is_same(report.hash, &report.outcome) {
                    return Err(subject.diverged(&planned, [report.hash, again.hash]).into());
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
        let exhausted = sequence.search().and_then(Search::exhausted);
        Ok(Passed { runs: hashes.len() as u64, hashes, exhausted, log: Trace::default(), properties })
    }

    /// Makes the only run that was asked for.
    #[track_caller]
    pub(super) fn run_only<B, F>(
        &self,
        recipe: &Recipe,
        caller: Caller<'_>,
        body: &Arc<B>,
    ) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let planned = self.planned(recipe.clone(), body);
        let (source, deviated) = recipe.source_and_deviated(&planned.survey);
        // With all that is known if it fails: there is no other run.
        let config = self.telling_config();
        let report = self.make_run_by(&mut World::default(), &planned, source, config, body);
        if report.outcome.is_done() {
            if deviated.is_some_and(|deviated| !deviated.is_complete()) {
                return Err(SweepError::NoSuchRun { run: recipe.clone() });
            }
            let mut properties = PropertyTally::default();
            properties.add(&report);
            let (hashes, exhausted) = (vec![report.hash], None);
            return Ok(Passed { runs: 1, hashes, exhausted, log: report.trace, properties });
        }
        let log = report.trace.clone();
        Err(FailedRun::new(caller.name(), recipe.clone(), report, log, usize::MAX, caller.command()).into())
    }

    /// The run of this recipe, with what its strategy needs to know.
    #[track_caller]
    pub(crate) fn planned<B, F>(&self, recipe: Recipe, body: &Arc<B>) -> Planned
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let survey = if recipe.needs_survey() { self.survey(body) } else { Arc::default() };
        Planned { recipe, survey }
    }

    /// What one run in default order shows of the program.
    #[track_caller]
    pub(super) fn survey<B, F>(&self, body: &Arc<B>) -> Arc<Survey>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        #[cfg(feature = "posix")]
        if self.isolated {
            return Arc::new(super::in_children::survey(|| self.survey_here(body)));
        }
        Arc::new(self.survey_here(body))
    }

    #[track_caller]
    fn survey_here<B, F>(&self, body: &Arc<B>) -> Survey
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let _watch = Watch::begin(WatchedRun::OfTest(Recipe::Deviant(DeviantRun::default())));
        let world = &mut World::default();
        Survey::of(self.config(TraceLevel::Off), |config, source| {
            let (executor, outcome) = self.begin_run(world, config, source, body);
            executor.finish_into(outcome, world)
        })
    }

    /// Whether the run of this number is made twice. Production order, which is number 0, always; of the others so many, evenly
    /// spread, as [`Sweep::repeated`] says.
    pub(super) fn is_repeated(&self, number: u64) -> bool {
        const ONE_IN: u64 = 10;
        let Some(before) = number.checked_sub(1) else { return true };
        let wanted = if self.repeated == 0 { 0 } else { self.repeated.max(self.seeds / ONE_IN) };
        // The first, and whenever the share of what was repeated would fall behind.
        let due = |runs: u64| u128::from(runs) * u128::from(wanted) / u128::from(self.seeds.max(1));
        wanted > 0 && (before == 0 || due(number) > due(before))
    }

    #[track_caller]
    pub(crate) fn make_run<B, F>(
        &self,
        world: &mut World,
        run: &Planned,
        trace: TraceLevel,
        body: &Arc<B>,
    ) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        self.make_run_by(world, run, run.recipe.source(&run.survey), self.config(trace), body)
    }

    /// Makes a run by a source that makes the very run.
    #[track_caller]
    fn make_run_by<B, F>(
        &self,
        world: &mut World,
        run: &Planned,
        source: Box<dyn Source>,
        config: Config,
        body: &Arc<B>,
    ) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let _watch = Watch::begin(WatchedRun::OfTest(run.recipe.clone()));
        let (executor, outcome) = self.begin_run(world, config, source, body);
        let report = executor.finish_into(outcome, world);
        let first = if was_rehearsal() {
            let source = run.recipe.source(&run.survey);
            let (executor, outcome) = self.begin_run(world, config, source, body);
            executor.finish_into(outcome, world)
        } else {
            report
        };
        confirmed(first, config, |config| {
            let (executor, outcome) = self.begin_run(world, config, run.recipe.source(&run.survey), body);
            executor.finish_into(outcome, world)
        })
    }

    /// Makes a run again that has failed, with all that can be known of it.
    #[track_caller]
    pub(crate) fn make_failed_run<B, F>(&self, run: &Planned, body: &Arc<B>) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let config = self.telling_config();
        self.make_run_by(&mut World::default(), run, run.recipe.source(&run.survey), config, body)
    }

    /// Makes a run that is equal to itself up to its so manieth poll, with all that can be known of it; it is ended there.
    #[track_caller]
    pub(super) fn make_run_until<B, F>(&self, run: &Planned, polls: u64, body: &Arc<B>) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let limits = Limits { polls_max: polls, ..self.limits };
        let config = Config { awaits: Some(AWAITS), limits, ..self.config(TraceLevel::Off) };
        self.make_run_by(&mut World::default(), run, run.recipe.source(&run.survey), config, body)
    }

    /// With new memory, so that a difference is seen that would come from the world; and under observation.
    #[track_caller]
    pub(super) fn make_observed_run<B, F>(
        &self,
        run: &Planned,
        trace: TraceLevel,
        body: &Arc<B>,
        watched: &mut Watched,
    ) -> Report
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let _watch = Watch::begin(WatchedRun::OfTest(run.recipe.clone()));
        let mut world = World::default();
        // Whoever wants to see all also wants to know what was decided.
        let config = Config { record: trace == TraceLevel::Wakes, ..self.config(trace) };
        let source = run.recipe.source(&run.survey);
        let (executor, outcome) = self.begin_run(&mut world, config, source, body);
        watched.look(&executor, &outcome);
        let first = executor.finish_into(outcome, &mut world);
        confirmed(first, config, |config| {
            let source = run.recipe.source(&run.survey);
            let (executor, outcome) = self.begin_run(&mut world, config, source, body);
            executor.finish_into(outcome, &mut world)
        })
    }

    #[track_caller]
    pub(crate) fn begin_run<B, F>(
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
        #[cfg(feature = "net")]
        executor.enter(|| crate::net::vary::choose(self.vary));
        let body = Arc::clone(body);
        let outcome = match executor.block_on(async move { body().await.failure() }) {
            Ok(None) => Outcome::Done,
            Ok(Some(message)) => Outcome::Failed { message },
            Err(error) => error.into(),
        };
        (executor, outcome)
    }

    /// How a run is made of which all is to be known that can be.
    fn telling_config(&self) -> Config {
        let dead_wakers = match self.dead_wakers {
            DeadWakers::Unknown => DeadWakers::Told,
            asked => asked,
        };
        Config { awaits: Some(AWAITS), dead_wakers, ..self.config(self.trace) }
    }

    /// How each run is made, but for its source.
    pub(crate) fn config(&self, trace: TraceLevel) -> Config {
        Config {
            limits: self.limits,
            budget: self.budget,
            stats: self.stats,
            buggify: self.buggify,
            swarm: self.swarm,
            spurious_polls: self.spurious_polls,
            cancel_timeouts: self.cancel_timeouts,
            cancel_selects: self.cancel_selects,
            late_aborts: self.late_aborts,
            io_points: self.io_points,
            dead_wakers: self.dead_wakers,
            leaks: self.leaks,
            around: Some(around_poll::OF_A_TEST),
            trace,
            ..Config::default()
        }
    }
}

/// Whether the last run made what unmodified programs keep in statics, and so has to be made again.
pub(super) fn was_rehearsal() -> bool {
    #[cfg(feature = "posix")]
    return sim_posix::was_rehearsal();
    #[cfg(not(feature = "posix"))]
    false
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
        (0..seeds).filter(|&before| sweep.is_repeated(before + 1)).collect()
    }

    #[test]
    fn a_share_of_all_runs_is_repeated_and_at_least_so_many() {
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
        assert!(Sweep { repeated: 0, ..Sweep::default() }.is_repeated(0));
    }
}
