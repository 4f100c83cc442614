//! What became of one program of a sweep.

use std::fmt;

use seedbed::AWAITS;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, PendingTask, Report, World};
use sim_explorer::{Part, Recipe, RunResult, RunSeed, Shard, Strategy, Tally, Verdict, confirmed};

use super::rows::{self, Row};
use super::{Entry, Plan, workers};
use crate::checks::Checks;
use crate::profile::NetworkProfile;
use crate::program::Program;
use crate::setting::Setting;

/// What became of one program of a sweep.
pub(crate) struct Finding<'a> {
    pub(crate) program: Program,
    pub(crate) given: &'a [Setting],
    pub(crate) profile: Option<&'a NetworkProfile>,
    pub(crate) tally: &'a Tally,
    pub(crate) strategy: Strategy,
    pub(crate) checks: Checks,
    /// `None` while nothing was found and not all runs were made.
    pub(crate) verdict: Option<Verdict>,
    /// What the run that is shown as a failure came to when it was made again.
    pub(crate) again: Option<RunResult>,
    /// The tasks that wait at the end of that run, of which it is known at which lines of the program.
    pub(crate) waiting: Vec<PendingTask>,
    /// Whether it was left before all its runs were made.
    pub(crate) is_stopped: bool,
    /// Whether it was left since too many of its runs have ended their process.
    pub(crate) has_died_often: bool,
    /// Whether its mistake was found over another profile.
    pub(crate) is_found_elsewhere: bool,
}

impl Finding<'_> {
    /// The run that is shown as a failure, if one is.
    pub(super) fn shown_failure(&self) -> Option<(RunSeed, &RunResult)> {
        self.tally.first_failing().filter(|_| self.verdict == Some(Verdict::Failed))
    }

    /// Whether it behaved as its author says: `None` while that is open.
    pub(crate) fn is_expected(&self) -> Option<bool> {
        let is_found = |verdict| verdict == Verdict::Missed && self.is_found_elsewhere;
        self.verdict.map(|verdict| verdict.is_expected() || is_found(verdict))
    }
}

impl fmt::Display for Finding<'_> {
    /// `ws_echo`, `ws_echo over lan`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.profile {
            None => write!(out, "{}", self.program),
            Some(profile) => write!(out, "{} over {}", self.program, profile.name()),
        }
    }
}

/// What became of a program whose row this is.
pub(super) fn finding<'a>(entry: &'a Entry, row: &'a Row, plan: &Plan) -> Finding<'a> {
    let Row { tally, is_stopped, .. } = row;
    let is_known = *is_stopped || tally.has_failed() || is_complete(tally, &plan.part);
    let verdict = is_known.then(|| Verdict::of(entry.program.variant.expect, tally));
    let (program, profile) = (entry.program, entry.profile.as_deref());
    Finding {
        program,
        given: &entry.given,
        profile,
        tally,
        strategy: plan.strategy,
        checks: plan.checks,
        verdict,
        again: None,
        waiting: Vec::new(),
        has_died_often: row.deaths >= rows::DEATHS_MAX,
        is_stopped: *is_stopped && !is_complete(tally, &plan.part),
        is_found_elsewhere: false,
    }
}

/// What a run comes to when it is made again, in new memory, as the command that is shown makes it.
pub(super) fn again(entry: &Entry, plan: &Plan, run: RunSeed) -> RunResult {
    RunResult::from(&made(entry, plan, run, plan.checks.config()))
}

/// The tasks that wait at the end of the run that is shown as a failure, with the lines of the program. That run is
/// made once more for it, so none if it was not equal to itself, or ends its process.
pub(super) fn waiting(entry: &Entry, plan: &Plan, finding: &Finding<'_>) -> Vec<PendingTask> {
    let Some((run, result)) =
        finding.shown_failure().filter(|(_, result)| finding.again.as_ref() == Some(result))
    else {
        return Vec::new();
    };
    if result.known_hash().is_none() {
        return Vec::new();
    }
    let config = Config { awaits: Some(AWAITS), around: Some(watchdog::BEATS), ..plan.checks.config() };
    let _watch = Watch::begin(WatchedRun::OfCommand(Recipe::of(run, plan.strategy)));
    let mut report = made(entry, plan, run, config);
    report.pending.retain(|task| !task.awaits.is_empty());
    if report.hash == result.hash { report.pending } else { Vec::new() }
}

fn made(entry: &Entry, plan: &Plan, run: RunSeed, config: Config) -> Report {
    let make = |config| {
        let survey = workers::survey(plan, entry, &mut World::default());
        let source = Recipe::of(run, plan.strategy).source(survey);
        let variant = entry.program.variant;
        variant.run_prepared(&entry.settings, config, source, |executor| entry.prepare(executor))
    };
    confirmed(make(config), config, make)
}

/// Says of each finding whether its mistake was found over another profile, or may be by another shard.
pub(super) fn look_elsewhere(findings: &mut [Finding<'_>], shard: Shard) {
    let found: Vec<Program> = findings
        .iter()
        .filter(|finding| finding.verdict == Some(Verdict::Found))
        .map(|finding| finding.program)
        .collect();
    for finding in findings {
        finding.is_found_elsewhere = finding.verdict != Some(Verdict::Found)
            && (shard != Shard::WHOLE || found.iter().any(|program| program.is(finding.program)));
    }
}

/// Whether all runs were made.
pub(super) fn is_complete(tally: &Tally, part: &Part) -> bool {
    tally.runs + u64::from(tally.production.is_some()) == part.run_count()
}
