//! `sweep`: many runs of many scenarios.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sim_executor::{Config, Executor};
use sim_explorer::{
    Part, Recipe, RunResult, RunSeed, Scenario, Settings, Shard, Strategy, Survey, Tally, Verdict,
};

use crate::args::SweepArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::names;
use crate::profile::NetworkProfile;
use crate::program::Program;
use crate::search::Search;
use crate::setting::{self, Setting, UnusedSetting};
use crate::shard_env::{self, Named};
use crate::wall_time::Stopwatch;

use stop::StopRules;
use workers::{Row, Work};

mod each;
mod found;
mod json;
mod kept_runs;
mod share;
mod stop;
mod summary;
mod workers;

/// Another option does not fit the strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum SeedsError {
    #[error("--seeds is missing; add --seeds 0..200, or --strategy each, which uses none")]
    Missing,
    #[error("--strategy {0} counts no properties; leave --require-sometimes away, or name another strategy")]
    NoProperties(&'static str),
    #[error(
        "--strategy {0} ends by itself, or after runs=N; leave the options away that stop a sweep, or name another strategy"
    )]
    NoStop(&'static str),
    #[error("--strategy {0} cannot be shared out; give --shard 1/1, or name another strategy")]
    NoShards(&'static str),
    #[error("--strategy {0} uses no seeds; leave --seeds away, or name another strategy")]
    Useless(&'static str),
}

/// What a sweep is to run.
pub(crate) struct Plan {
    pub(crate) entries: Vec<Entry>,
    /// The runs of each in this shard.
    pub(crate) part: Part,
    /// The seeds of all shards.
    pub(crate) seeds: Range<u64>,
    /// Which share of the runs this is.
    pub(crate) shard: Shard,
    /// How the seeds decide.
    pub(crate) strategy: Strategy,
}

/// One program of a sweep.
pub(crate) struct Entry {
    pub(crate) program: Program,
    pub(crate) settings: Settings,
    /// Those that were given, of the parameters that it has.
    pub(crate) given: Vec<Setting>,
    /// The network under it, if one was named.
    pub(crate) profile: Option<Arc<NetworkProfile>>,
    /// What the strategy knows of it, once a thread has looked.
    pub(crate) survey: OnceLock<Arc<Survey>>,
}

impl Entry {
    /// Puts the network under a run.
    fn prepare(&self, executor: &mut Executor) {
        self.profile.iter().for_each(|profile| profile.prepare(executor));
    }
}

/// What became of one program of a sweep.
pub(crate) struct Finding<'a> {
    pub(crate) program: Program,
    pub(crate) given: &'a [Setting],
    pub(crate) profile: Option<&'a NetworkProfile>,
    pub(crate) tally: &'a Tally,
    pub(crate) strategy: Strategy,
    /// `None` while nothing was found and not all runs were made.
    pub(crate) verdict: Option<Verdict>,
    /// What the run that is shown as a failure came to when it was made again.
    pub(crate) again: Option<RunResult>,
    /// Whether it was left before all its runs were made, as was asked for.
    pub(crate) is_stopped: bool,
    /// Whether its mistake was found over another profile.
    pub(crate) is_found_elsewhere: bool,
}

impl Finding<'_> {
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

pub(crate) fn sweep(
    args: &SweepArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let shard = shard(args, console)?;
    let plan = plan(args, scenarios, shard)?;
    args.to.check()?;
    let jobs = args.jobs.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let interrupt = if console.is_process { Interrupt::on_ctrl_c() } else { Interrupt::default() };
    if let Some(Search::Seedless(search)) = &args.strategy {
        return each::sweep(&plan, search, jobs, &interrupt, &args.to, console);
    }
    let bar = progress_bar(&plan, console.is_process);
    let stopwatch = Stopwatch::start();
    let rules = StopRules::new(&args.stop);
    let work = Work { jobs, interrupt: &interrupt, rules, stopwatch, on_run: &|| bar.inc(1) };
    let rows = workers::sweep(&plan, &work);
    let wall_time = stopwatch.elapsed();
    bar.finish_and_clear();
    let mut findings: Vec<Finding<'_>> =
        plan.entries.iter().zip(&rows).map(|(entry, row)| finding(entry, row, &plan)).collect();
    look_elsewhere(&mut findings, plan.shard);
    let interrupted =
        findings.iter().any(|finding| !finding.is_stopped && !is_complete(finding.tally, &plan.part));
    let speed = summary::Speed { wall_time, jobs, busy: rows.iter().map(|row| row.busy).collect() };
    let never_hit = |finding: &Finding<'_>| finding.tally.properties.never_hit().count();
    let missed = if args.require_sometimes { findings.iter().map(never_hit).sum() } else { 0 };
    if args.to.is_console_free() {
        summary::write(&findings, &speed, interrupted, console.out)?;
        summary::missed(missed, console.out)?;
    }
    let busy = rows.iter().map(|row| u64::try_from(row.busy.as_millis()).unwrap_or(u64::MAX));
    let variants = findings.iter().zip(busy).map(|(finding, busy)| json::variant(finding, busy)).collect();
    args.to.write(&json::record(&plan, plan.strategy.to_string(), interrupted, variants), console)?;
    let is_expected = missed == 0 && findings.iter().all(|finding| finding.is_expected() == Some(true));
    Ok(match (interrupted, is_expected) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Expected,
        (false, false) => Exit::Failure,
    })
}

/// The share that is asked for, or that the environment names.
#[expect(clippy::disallowed_methods, reason = "the command line stands outside of runs")]
fn shard(args: &SweepArgs, console: &mut Console<'_>) -> Result<Shard, Box<dyn Error>> {
    let named = match args.shard {
        Some(shard) => return Ok(shard),
        None if console.is_process => shard_env::named(|name| std::env::var(name).ok())?,
        None => Named::Whole,
    };
    match named {
        Named::Whole => Ok(Shard::WHOLE),
        Named::Shard(shard, variable) => {
            writeln!(console.err, "shard {shard}, as {variable} says")?;
            Ok(shard)
        }
        Named::Uncounted(variable) => {
            let advice = "set SEEDBED_SHARDS to the number of shards to share them out";
            writeln!(console.err, "{variable} is set, and all runs are made: {advice}")?;
            Ok(Shard::WHOLE)
        }
    }
}

fn plan(args: &SweepArgs, scenarios: &'static [Scenario], shard: Shard) -> Result<Plan, Box<dyn Error>> {
    let programs =
        if args.all { Program::all(scenarios).collect() } else { names::many(scenarios, &args.names)? };
    for given in &args.set {
        if !programs.iter().any(|program| setting::has(program.scenario, given)) {
            return Err(UnusedSetting { name: given.name.clone() }.into());
        }
    }
    let profiles = match &args.profiles {
        None => vec![None],
        Some(folder) => {
            NetworkProfile::read_all(folder)?.into_iter().map(|profile| Some(Arc::new(profile))).collect()
        }
    };
    let mut entries = Vec::new();
    for program in programs {
        for profile in &profiles {
            let settings = setting::settings_known(program.scenario, &args.set)?;
            let is_known = |given: &&Setting| setting::has(program.scenario, given);
            let given = args.set.iter().filter(is_known).cloned().collect();
            let (profile, survey) = (profile.clone(), OnceLock::new());
            entries.push(Entry { program, settings, given, profile, survey });
        }
    }
    let (strategy, seeds) = match (&args.strategy, args.seeds) {
        (Some(Search::Seedless(search)), None) if args.require_sometimes => {
            return Err(SeedsError::NoProperties(search.name()).into());
        }
        (Some(Search::Seedless(search)), None) if StopRules::new(&args.stop).are_given() => {
            return Err(SeedsError::NoStop(search.name()).into());
        }
        (Some(Search::Seedless(search)), None) if shard != Shard::WHOLE && search.name() != "each" => {
            return Err(SeedsError::NoShards(search.name()).into());
        }
        (Some(Search::Seedless(_)), None) => (Strategy::Production, 0..0),
        (Some(Search::Seedless(search)), Some(_)) => return Err(SeedsError::Useless(search.name()).into()),
        (_, None) => return Err(SeedsError::Missing.into()),
        (None, Some(seeds)) => (Strategy::Random, seeds.range()),
        (Some(Search::Seeds(strategy)), Some(seeds)) => (*strategy, seeds.range()),
    };
    Ok(Plan { entries, part: Part::of_shard(seeds.clone(), shard), seeds, shard, strategy })
}

fn finding<'a>(entry: &'a Entry, row: &'a Row, plan: &Plan) -> Finding<'a> {
    let Row { tally, is_stopped, .. } = row;
    let is_known = *is_stopped || tally.has_failed() || is_complete(tally, &plan.part);
    let verdict = is_known.then(|| Verdict::of(entry.program.variant.expect, tally));
    let (program, profile) = (entry.program, entry.profile.as_deref());
    let strategy = plan.strategy;
    let failed = tally.first_failing().filter(|_| verdict == Some(Verdict::Failed));
    let again = failed.map(|(run, _)| again(entry, strategy, run));
    Finding {
        program,
        given: &entry.given,
        profile,
        tally,
        strategy,
        verdict,
        again,
        is_stopped: *is_stopped && !is_complete(tally, &plan.part),
        is_found_elsewhere: false,
    }
}

/// What a run comes to when it is made again, in new memory, as the command that is shown makes it.
fn again(entry: &Entry, strategy: Strategy, run: RunSeed) -> RunResult {
    let prepare =
        |executor: &mut Executor| entry.profile.iter().for_each(|profile| profile.prepare(executor));
    let variant = entry.program.variant;
    let source = Recipe::of(run, strategy).source(&entry.survey.get().cloned().unwrap_or_default());
    RunResult::from(&variant.run_prepared(&entry.settings, Config::default(), source, prepare))
}

/// Says of each finding whether its mistake was found over another profile, or may be by another shard.
fn look_elsewhere(findings: &mut [Finding<'_>], shard: Shard) {
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

fn is_complete(tally: &Tally, part: &Part) -> bool {
    tally.runs + u64::from(tally.production.is_some()) == part.run_count()
}

fn progress_bar(plan: &Plan, is_shown: bool) -> ProgressBar {
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let runs = (plan.entries.len() as u64).saturating_mul(plan.part.run_count());
    let speed = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A progress bar that cannot be written is none.
        let _ = write!(out, "{}", HumanCount(state.per_sec() as u64));
    };
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs, {speed}/s, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("speed", speed);
    ProgressBar::with_draw_target(Some(runs), target).with_style(style)
}
