//! `run`: one run of one scenario.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use seedbed::AWAITS;
use seedbed::net::capture;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Report, StatsTable, TraceLevel, WaitsTable};
use sim_explorer::{Deviated, Recipe, Scenario, Survey, confirmed};

use crate::args::RunArgs;
use crate::chosen::Chosen;
use crate::console::Console;
use crate::exit::Exit;
use crate::live_log::LiveLog;
use crate::run_json::{self, Asked};
use crate::{output_file, show};

pub(crate) fn run(
    args: &RunArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let chosen = Chosen::of(scenarios, &args.name, &args.one)?;
    let recipe = args.one.recipe()?.unwrap_or(Recipe::Production);
    args.json.iter().chain(&args.pcap).try_for_each(|path| output_file::check(path))?;
    let around = Some(watchdog::EACH_POLL);
    args.log.check()?;
    let is_shown = ![&args.json, &args.pcap].iter().any(|path| path.as_deref() == Some(Path::new("-")));
    let log = LiveLog::new(&args.log, is_shown, console)?;
    let trace = args.log.level(level(args.trace));
    let checks = args.one.checks.config();
    let stats = args.stats || args.waits || checks.stats;
    let config = Config { trace, stats, around, awaits: Some(AWAITS), ..checks };
    let watch = Watch::begin(WatchedRun::OfCommand(recipe.clone()));
    let survey = survey(&recipe, &chosen, config);
    let (source, deviated) = recipe.source_and_deviated(&survey);
    let mut capture = None;
    let report = chosen.program.variant.run_prepared(&chosen.settings, config, source, |executor| {
        log.follow(executor);
        chosen.prepare(executor);
        capture = args.pcap.as_ref().map(|_| executor.enter(capture::start));
    });
    let (report, made) = confirm(report, config, &recipe, &chosen, &survey);
    drop(watch);
    log.finish(console)?;
    if is_shown {
        show::slow([&config, &made], console.out)?;
        show::failure(&report, console.out)?;
    }
    if is_shown && args.stats {
        writeln!(console.out, "\n{}", StatsTable(&report.stats))?;
        for node in &report.nodes {
            writeln!(console.out, "{node}")?;
        }
    }
    if is_shown && args.waits {
        writeln!(console.out, "\n{}", WaitsTable(&report.stats))?;
    }
    if let (Some(path), Some(capture)) = (&args.pcap, capture) {
        output_file::write(path, capture.pcapng(), console.out)?;
    }
    if let Some(path) = &args.json {
        let asked = Asked { program: chosen.program, recipe: &recipe, one: &args.one };
        output_file::write(path, run_json::text(&asked, &report, None), console.out)?;
    }
    if is_shown {
        show::last_line(&report, console.out)?;
    }
    complete(&recipe, deviated.as_ref())?;
    Ok(show::exit_of(&report))
}

/// What the strategy of the run needs to know of the program.
pub(crate) fn survey(recipe: &Recipe, chosen: &Chosen, config: Config) -> Arc<Survey> {
    if !recipe.needs_survey() {
        return Arc::default();
    }
    let config = Config { trace: TraceLevel::Off, record: false, ..config };
    let Chosen { program, settings, .. } = chosen;
    let prepare = |executor: &mut Executor| chosen.prepare(executor);
    let run = |config, source| program.variant.run_prepared(settings, config, source, prepare);
    Arc::new(Survey::of(config, run))
}

/// A run that was made with this configuration, or what it comes to at ten times a bound that it has reached, if that is as it should
/// ([`confirmed`]); with the configuration of the one that is given.
pub(crate) fn confirm(
    first: Report,
    config: Config,
    recipe: &Recipe,
    chosen: &Chosen,
    survey: &Arc<Survey>,
) -> (Report, Config) {
    let Chosen { program, settings, .. } = chosen;
    let mut last = config;
    let report = confirmed(first, config, |config| {
        last = config;
        program.variant.run_prepared(settings, config, recipe.source(survey), |executor| {
            chosen.prepare(executor);
        })
    });
    let made = if report.outcome.is_done() { last } else { config };
    (report, made)
}

/// Says that a run of `each` is none of this program, if it is so.
pub(crate) fn complete(recipe: &Recipe, deviated: Option<&Deviated>) -> Result<(), NoSuchRun> {
    match deviated {
        Some(deviated) if !deviated.is_complete() => Err(NoSuchRun { run: recipe.clone() }),
        _ => Ok(()),
    }
}

/// The run deviates where the program does not decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no run {run}: the program does not come to all of these decisions; it is another one, has other parameters, or has changed"
)]
pub(crate) struct NoSuchRun {
    run: Recipe,
}

fn level(everything: bool) -> TraceLevel {
    if everything { TraceLevel::All } else { TraceLevel::Events }
}
