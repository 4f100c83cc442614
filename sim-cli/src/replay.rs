//! `replay`: a run of a sweep, made again from its recording.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Recording, Replay, Report, TraceLevel, World};
use sim_explorer::{RunSeed, Scenario, Strategy, Swept};

use crate::args::ReplayArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::profile::NetworkProfile;
use crate::program::Program;
use crate::run_json::{self, Asked};
use crate::show::{self, RIGHT, WRONG};
use crate::{names, output_file, setting};

pub(crate) fn replay(
    args: &ReplayArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let program = names::one(scenarios, &args.name, args.variant.as_deref())?;
    let Program { scenario, variant } = program;
    let settings = setting::settings(scenario, &args.set)?;
    args.json.iter().try_for_each(|path| output_file::check(path))?;
    let around = Some(watchdog::EACH_POLL);
    let config = Config { trace: TraceLevel::Events, record: true, around, ..Config::default() };
    let profile = args.profile.as_deref().map(NetworkProfile::read).transpose()?;
    let prepare = |executor: &mut Executor| profile.iter().for_each(|profile| profile.prepare(executor));
    watchdog::name_subject(&program.to_string());
    let strategy = args.strategy.unwrap_or(Strategy::Random);
    let watch = Watch::begin(WatchedRun::OfCommand(args.seed, strategy));
    let swept = Swept { variant, settings: &settings, config, strategy, prepare: &prepare };
    let survey = match args.seed {
        RunSeed::Production => Arc::default(),
        RunSeed::Seed(_) => swept.survey(&mut World::default()),
    };
    let recorded = variant.run_prepared(&settings, config, args.seed.source_by(strategy, &survey), prepare);
    // Where the file is standard output, it is all of that.
    let is_shown = args.json.as_deref() != Some(Path::new("-"));
    let out: &mut dyn Write = if is_shown { &mut *console.out } else { &mut io::sink() };
    show::log(&recorded, out)?;
    let Some(recording) = &recorded.recording else { return Err("the run kept no recording".into()) };
    let source = Replay::new(recording);
    let followed = source.report();
    let replayed = variant.run_prepared(&settings, config, Box::new(source), prepare);
    drop(watch);
    let is_same = compare(&recorded, &replayed, recording, followed.diverged_at(), out)?;
    show::last_line(&recorded, out)?;
    if let Some(path) = &args.json {
        let settings = args.set.iter().map(|given| (given.name.as_str(), given.value)).collect();
        let asked = Asked { program, seed: args.seed, settings, profile: args.profile.as_deref() };
        output_file::write(path, run_json::text(&asked, &recorded, Some(is_same)), console.out)?;
    }
    Ok(if is_same { show::exit_of(&recorded) } else { Exit::Failure })
}

/// Says whether the replay did what was recorded.
fn compare(
    recorded: &Report,
    replayed: &Report,
    recording: &Recording,
    diverged_at: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let decisions = recording.decisions.len();
    if replayed.hash == recorded.hash && replayed.outcome == recorded.outcome && diverged_at.is_none() {
        writeln!(out, "{RIGHT}the replay of its {decisions} decisions gave the same hash{RIGHT:#}")?;
        return Ok(true);
    }
    write!(
        out,
        "{WRONG}the replay went another way{WRONG:#}: hash {:016x} outcome {}",
        replayed.hash,
        replayed.outcome.word()
    )?;
    match diverged_at {
        Some(decision) => writeln!(out, ", from decision {decision} of {decisions} on")?,
        None => writeln!(out, ", though all {decisions} decisions were the same")?,
    }
    writeln!(
        out,
        "something that is no choice of the run decides in the program: a HashMap, a clock, a thread"
    )?;
    Ok(false)
}
