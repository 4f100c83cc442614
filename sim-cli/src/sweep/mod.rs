//! `sweep`: many runs of many scenarios.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sim_executor::Executor;
use sim_explorer::{Part, Scenario, Settings, Shard, Strategy, Survey};

use crate::args::SweepArgs;
use crate::checks::Checks;
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

use finding::{Finding, again, finding, is_complete, look_elsewhere, waiting};
#[cfg(unix)]
use process::Lead;
use rows::{Row, Rows};
use stop::StopRules;
use todo::Todo;
use workers::Work;

mod each;
mod finding;
mod found;
mod json;
mod kept_runs;
#[cfg(unix)]
mod process;
mod rows;
#[cfg(unix)]
mod searches;
#[cfg(unix)]
mod seeds;
mod share;
mod stop;
mod summary;
mod todo;
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
    /// What else is looked at in each run.
    pub(crate) checks: Checks,
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

pub(crate) fn sweep(
    args: &SweepArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let jobs = args.jobs.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    #[cfg(unix)]
    if console.is_process && process::is_asked() {
        return work_for_parent(args, scenarios, jobs);
    }
    let shard = shard(args, console)?;
    let plan = plan(args, scenarios, shard)?;
    args.to.check()?;
    let interrupt = if console.is_process { Interrupt::on_ctrl_c() } else { Interrupt::default() };
    let way = Way { jobs, interrupt: &interrupt, in_processes: console.is_process && !args.one_process };
    if let Some(Search::Seedless(search)) = &args.strategy {
        return each::sweep(&plan, search, &way, &args.to, console);
    }
    let bar = progress_bar(&plan, console.is_process);
    let stopwatch = Stopwatch::start();
    let rules = StopRules::new(&args.stop);
    let swept = rows(&plan, &way, (rules, stopwatch), &bar, console)?;
    let wall_time = stopwatch.elapsed();
    let rows = &swept.rows;
    let mut findings: Vec<Finding<'_>> =
        plan.entries.iter().zip(rows).map(|(entry, row)| finding(entry, row, &plan)).collect();
    look_elsewhere(&mut findings, plan.shard);
    make_again(&mut findings, &plan, &way, (rules, stopwatch), &bar);
    for (finding, entry) in findings.iter_mut().zip(&plan.entries) {
        finding.waiting = waiting(entry, &plan, finding);
    }
    bar.finish_and_clear();
    let interrupted =
        findings.iter().any(|finding| !finding.is_stopped && !is_complete(finding.tally, &plan.part));
    let speed = summary::Speed { wall_time, jobs, busy: rows.iter().map(|row| row.busy).collect() };
    let never_hit = |finding: &Finding<'_>| finding.tally.properties.never_hit().count();
    let missed = if args.require_sometimes { findings.iter().map(never_hit).sum() } else { 0 };
    // Who can be shown nothing has the files nevertheless.
    let shown = if args.to.is_console_free() {
        summary::write(&findings, &speed, interrupted, console.out)
            .and_then(|()| summary::missed(missed, console.out))
            .and_then(|()| summary::unexplained(&swept.deaths, console.out))
    } else {
        Ok(())
    };
    let busy = rows.iter().map(|row| u64::try_from(row.busy.as_millis()).unwrap_or(u64::MAX));
    let variants = findings.iter().zip(busy).map(|(finding, busy)| json::variant(finding, busy)).collect();
    args.to.write(&json::record(&plan, plan.strategy.to_string(), interrupted, variants), console)?;
    shown?;
    let is_expected = missed == 0 && findings.iter().all(|finding| finding.is_expected() == Some(true));
    Ok(match (interrupted && !swept.is_suspect, is_expected && !swept.is_suspect) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Expected,
        (false, false) => Exit::Failure,
    })
}

/// How the runs are made.
pub(crate) struct Way<'a> {
    /// The number of threads.
    jobs: usize,
    interrupt: &'a Interrupt,
    /// Whether other processes make them.
    in_processes: bool,
}

/// What a sweep came to.
struct SweptRows {
    rows: Vec<Row>,
    /// Whether a process has ended, and no run is known that ends one.
    is_suspect: bool,
    /// What is told of each of those.
    deaths: Vec<String>,
}

/// Makes all runs of a plan; the rows are in its order. They do not depend on the number of threads, nor on which takes
/// what, unless the sweep is interrupted or runs out of time.
pub(crate) fn in_this_process(
    plan: &Plan,
    jobs: usize,
    interrupt: &Interrupt,
    (rules, stopwatch): (StopRules, Stopwatch),
    on_run: &(dyn Fn() + Sync),
) -> Vec<Row> {
    let pieces = plan.part.piece_count(workers::SEEDS_PER_PIECE);
    let rows = Mutex::new(Rows::new(plan.entries.len(), pieces, rules));
    let todo = Todo::new(plan.entries.len(), pieces);
    let is_late = || rules.is_out_of_time(stopwatch.elapsed());
    let on_piece = |unit, made| {
        let left = rows.lock().unwrap_or_else(PoisonError::into_inner).add(unit, made);
        left.into_iter().for_each(|program| todo.leave(program));
    };
    let is_over = || interrupt.is_asked() || is_late();
    workers::sweep(plan, &Work { jobs, todo: &todo, is_over: &is_over, on_run, on_piece: &on_piece });
    rows.into_inner().unwrap_or_else(PoisonError::into_inner).finish(is_late())
}

/// Has all runs of a plan made: in other processes, so that one which ends its process does not end the sweep, or in this one.
fn rows(
    plan: &Plan,
    way: &Way<'_>,
    (rules, stopwatch): (StopRules, Stopwatch),
    bar: &ProgressBar,
    console: &mut Console<'_>,
) -> Result<SweptRows, Box<dyn Error>> {
    #[cfg(unix)]
    if way.in_processes {
        let lead = Lead { jobs: way.jobs, interrupt: way.interrupt, rules, stopwatch, bar };
        let (rows, processes) = seeds::lead(plan, &lead, console)?;
        let is_suspect = processes.are_suspect();
        let deaths = processes.unexplained.into_iter().map(|(message, _)| message).collect();
        return Ok(SweptRows { rows, is_suspect, deaths });
    }
    let _ = console;
    let rows = in_this_process(plan, way.jobs, way.interrupt, (rules, stopwatch), &|| bar.inc(1));
    Ok(SweptRows { rows, is_suspect: false, deaths: Vec::new() })
}

/// Makes the runs of a sweep for the process that has started this one.
#[cfg(unix)]
fn work_for_parent(
    args: &SweepArgs,
    scenarios: &'static [Scenario],
    jobs: usize,
) -> Result<Exit, Box<dyn Error>> {
    // What there is to say was said by the parent.
    let (mut out, mut err) = (std::io::sink(), std::io::sink());
    let mut silent = Console { out: &mut out, err: &mut err, is_process: true };
    let plan = plan(args, scenarios, shard(args, &mut silent)?)?;
    match match &args.strategy {
        Some(Search::Seedless(search)) => searches::obey(&plan, search, jobs)?,
        _ => seeds::obey(&plan, jobs)?,
    } {}
}

/// Makes the runs again that are shown as failures, in new memory, as the commands that are shown make them.
fn make_again(
    findings: &mut [Finding<'_>],
    plan: &Plan,
    way: &Way<'_>,
    (rules, stopwatch): (StopRules, Stopwatch),
    bar: &ProgressBar,
) {
    #[cfg(unix)]
    if way.in_processes {
        let lead = Lead { jobs: way.jobs, interrupt: way.interrupt, rules, stopwatch, bar };
        return seeds::make_again(findings, plan, &lead);
    }
    let _ = (way, rules, stopwatch, bar);
    for (finding, entry) in findings.iter_mut().zip(&plan.entries) {
        finding.again = finding.shown_failure().map(|(run, _)| again(entry, plan, run));
    }
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
    Ok(Plan {
        entries,
        part: Part::of_shard(seeds.clone(), shard),
        seeds,
        shard,
        strategy,
        checks: args.checks,
    })
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
