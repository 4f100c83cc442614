//! `run`: one run of one scenario.

use std::error::Error;
use std::path::Path;

use seedbed::net::capture;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, StatsTable, TraceLevel, WaitsTable, World};
use sim_explorer::{RunSeed, Scenario, Strategy, Swept};

use crate::args::RunArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::profile::NetworkProfile;
use crate::program::Program;
use crate::run_json::{self, Asked};
use crate::{names, output_file, setting, show};

/// The strategy draws, and there is nothing to draw from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--strategy {strategy} needs a seed; add --seed 0, or any other number")]
struct NoSeed {
    strategy: Strategy,
}

pub(crate) fn run(
    args: &RunArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let program = names::one(scenarios, &args.name, args.variant.as_deref())?;
    let Program { scenario, variant } = program;
    let settings = setting::settings(scenario, &args.set)?;
    let strategy = args.strategy.unwrap_or(Strategy::Random);
    let seed = match (args.strategy, args.seed) {
        (None | Some(Strategy::Production), None) => RunSeed::Production,
        (None, Some(seed)) => seed,
        (Some(Strategy::Production), Some(RunSeed::Production)) => RunSeed::Production,
        (Some(_), Some(RunSeed::Seed(seed))) => RunSeed::Seed(seed),
        (Some(strategy), None | Some(RunSeed::Production)) => return Err(NoSeed { strategy }.into()),
    };
    args.json.iter().chain(&args.pcap).try_for_each(|path| output_file::check(path))?;
    let around = Some(watchdog::EACH_POLL);
    let config =
        Config { trace: level(args.trace), stats: args.stats || args.waits, around, ..Config::default() };
    let profile = args.profile.as_deref().map(NetworkProfile::read).transpose()?;
    let prepare = |executor: &mut Executor| profile.iter().for_each(|profile| profile.prepare(executor));
    let swept = Swept { variant, settings: &settings, config, strategy, prepare: &prepare };
    watchdog::name_subject(&program.to_string());
    let watch = Watch::begin(WatchedRun::OfCommand(seed, strategy));
    let source = seed.source_by(strategy, &swept.survey(&mut World::default()));
    let mut capture = None;
    let report = variant.run_prepared(&settings, config, source, |executor| {
        prepare(executor);
        capture = args.pcap.as_ref().map(|_| executor.enter(capture::start));
    });
    drop(watch);
    let is_shown = ![&args.json, &args.pcap].iter().any(|path| path.as_deref() == Some(Path::new("-")));
    if is_shown {
        show::log(&report, console.out)?;
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
        let settings = args.set.iter().map(|given| (given.name.as_str(), given.value)).collect();
        let asked = Asked { program, seed, settings, profile: args.profile.as_deref() };
        output_file::write(path, run_json::text(&asked, &report, None), console.out)?;
    }
    if is_shown {
        show::last_line(&report, console.out)?;
    }
    Ok(show::exit_of(&report))
}

fn level(everything: bool) -> TraceLevel {
    if everything { TraceLevel::All } else { TraceLevel::Events }
}
