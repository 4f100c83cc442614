//! `run`: one run of one scenario.

use std::error::Error;

use seedbed::net::capture;
use sim_executor::{Config, Executor, StatsTable, TraceLevel, World};
use sim_explorer::{RunSeed, Scenario, Strategy, Swept};

use crate::args::RunArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::profile::NetworkProfile;
use crate::program::Program;
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
    let Program { scenario, variant } = names::one(scenarios, &args.name, args.variant.as_deref())?;
    let settings = setting::settings(scenario, &args.set)?;
    let strategy = args.strategy.unwrap_or(Strategy::Random);
    let run = match (args.strategy, args.seed) {
        (None | Some(Strategy::Production), None) => RunSeed::Production,
        (_, Some(seed)) => RunSeed::Seed(seed),
        (Some(strategy), None) => return Err(NoSeed { strategy }.into()),
    };
    let config = Config { trace: level(args.trace), stats: args.stats, ..Config::default() };
    let profile = args.profile.as_deref().map(NetworkProfile::read).transpose()?;
    let prepare = |executor: &mut Executor| profile.iter().for_each(|profile| profile.prepare(executor));
    let swept = Swept { variant, settings: &settings, config, strategy, prepare: &prepare };
    let source = run.source_by(strategy, &swept.survey(&mut World::default()));
    let mut capture = None;
    let report = variant.run_prepared(&settings, config, source, |executor| {
        prepare(executor);
        capture = args.pcap.as_ref().map(|_| executor.enter(capture::start));
    });
    show::log(&report, console.out)?;
    if args.stats {
        writeln!(console.out, "\n{}", StatsTable(&report.stats))?;
        for node in &report.nodes {
            writeln!(console.out, "{node}")?;
        }
    }
    if let (Some(path), Some(capture)) = (&args.pcap, capture) {
        output_file::write(path, capture.pcapng())?;
    }
    show::last_line(&report, console.out)?;
    Ok(show::exit_of(&report))
}

fn level(everything: bool) -> TraceLevel {
    if everything { TraceLevel::All } else { TraceLevel::Events }
}
