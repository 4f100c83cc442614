//! A test of which a run went wrong: what is made again, to say only what is so.

use std::sync::Arc;

use sim_executor::{Report, TraceLevel, World};
use sim_explorer::Recipe;

use super::Sweep;
use super::again::{Elsewhere, Seen};
use super::alone::run_alone;
use super::caller::Caller;
use super::planned::Planned;
use super::runs::is_cut_off;
use crate::divergence::{Difference, Divergence, Told};
use crate::failed_run::{Again, FailedRun, WITH_TRACE};
use crate::real_threads::Watched;
use crate::test_output::TestOutput;

/// A test whose runs are made.
pub(super) struct Subject<'a, B> {
    pub(super) sweep: &'a Sweep,
    pub(super) caller: Caller<'a>,
    pub(super) body: Arc<B>,
    pub(super) elsewhere: Elsewhere<B>,
}

impl<B, F> Subject<'_, B>
where
    B: Fn() -> F + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    #[track_caller]
    pub(super) fn make_elsewhere(&self, run: &Planned, trace: TraceLevel) -> Seen {
        (self.elsewhere)(self.sweep, run, trace, &self.body)
    }

    /// Makes a failed run again: with a trace, in other circumstances, and alone in a process of its own; and production
    /// order, which had this hash. So it is known whether its choices alone make the failure.
    #[track_caller]
    pub(super) fn failed(&self, run: &Planned, report: Report, production: Option<u64>) -> FailedRun {
        let Subject { sweep, caller, body, .. } = self;
        let mut report = report;
        let traced = sweep.make_failed_run(run, body);
        report.tell_awaits(&traced);
        let elsewhere = self.make_elsewhere(run, TraceLevel::Off);
        let mut again = Vec::new();
        if !is_cut_off(&traced.outcome) {
            again.push(Again::new(WITH_TRACE, traced.hash, traced.outcome.word()));
        }
        again.push(Again::new("in other circumstances", elsewhere.hash, elsewhere.word));
        let alone = caller.name_in_process().and_then(|name| run_alone(&name, &run.recipe));
        if let Some(alone) = alone {
            let is_same =
                |(hash, word): &&(u64, String)| *hash == report.hash && word == report.outcome.word();
            let ran = alone.runs.iter().find(is_same).or(alone.runs.last()).expect("it made a run");
            again.push(Again { is_alone: true, ..Again::new("alone in a new process", ran.0, &ran.1) });
        }
        let production = production.and_then(|before| {
            let order = Planned::simple(Recipe::Production);
            let now = sweep.make_run(&mut World::default(), &order, TraceLevel::Off, body);
            let is_same = now.hash == before && now.outcome.is_done();
            (!is_same).then(|| Again::new("production order", now.hash, now.outcome.word()))
        });
        let recipe = run.recipe.clone();
        let failed =
            FailedRun::new(caller.name(), recipe, report, traced.trace, sweep.lines_shown, caller.command());
        let repeated_as = again.iter().map(|again| again.hash).find(|&hash| hash != failed.report.hash);
        FailedRun { repeated_as, again, production, outside: elsewhere.outside, ..failed }
    }

    /// Makes a run that is not equal to itself a few times more, with traces, to see where they part.
    #[track_caller]
    pub(super) fn diverged(&self, run: &Planned, hashes: [u64; 2]) -> Divergence {
        const ATTEMPTS: u32 = 8;
        let Subject { sweep, caller, body, .. } = self;
        let first = Told::new(&sweep.make_observed_run(run, TraceLevel::Wakes, body, &mut Watched::begin()));
        let mut difference = None;
        for _ in 0..ATTEMPTS {
            difference = Difference::between(&first, &self.make_elsewhere(run, TraceLevel::Wakes).told);
            if difference.is_some() {
                break;
            }
        }
        if let Some(difference) = &mut difference {
            let polls = first.polls_ended(difference.same).max(1);
            difference.tell_places(&sweep.make_run_until(run, polls, body));
        }
        Divergence {
            name: caller.name().to_string(),
            run: run.recipe.clone(),
            hashes,
            difference,
            command: caller.command(),
        }
    }
}
