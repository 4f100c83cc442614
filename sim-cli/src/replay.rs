//! `replay`: a run of a sweep, made again from its recording, or that of a failure file.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use seedbed::AWAITS;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Outcome, Recording, Replay, Report, RunError, TraceLevel};
use sim_explorer::{Recipe, Scenario, Simfail};

use crate::args::ReplayArgs;
use crate::chosen::Chosen;
use crate::console::Console;
use crate::exit::Exit;
use crate::live_log::LiveLog;
use crate::run_json::{self, Asked};
use crate::show::{self, RIGHT, WRONG};
use crate::{output_file, run, simfail};

/// What is asked for does not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum ReplayError {
    #[error(
        "which run of {name}? Say so with --seed N, --seed production or --strategy each:run=12.1, or name a file that ends with .simfail"
    )]
    NoSeed { name: String },
    #[error("{file} says itself which run it is; leave {option} out")]
    NotOfFile { file: String, option: &'static str },
}

pub(crate) fn replay(
    args: &ReplayArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    args.log.check()?;
    if simfail::is_file(&args.name) {
        refuse_options(args)?;
        return simfail::replay(Path::new(&args.name), args.deny_stale, &args.log, scenarios, console);
    }
    let recipe = args.one.recipe()?;
    let recipe = recipe.ok_or_else(|| ReplayError::NoSeed { name: args.name.clone() })?;
    replay_recipe(args, &recipe, scenarios, console)
}

/// A failure file has all that the options would say.
fn refuse_options(args: &ReplayArgs) -> Result<(), ReplayError> {
    let given = [
        (args.one.seed.is_some(), "--seed"),
        (args.one.strategy.is_some(), "--strategy"),
        (args.simfail.is_some(), "--simfail"),
        (args.json.is_some(), "--json"),
        (args.one.variant.is_some(), "--variant"),
        (!args.one.set.is_empty(), "--set"),
        (args.one.profile.is_some(), "--profile"),
        (args.one.checks.checks, "--checks"),
    ];
    let wrong = given.into_iter().find(|(is_given, _)| *is_given);
    let refusal = |(_, option)| Err(ReplayError::NotOfFile { file: args.name.clone(), option });
    wrong.map_or(Ok(()), refusal)
}

fn replay_recipe(
    args: &ReplayArgs,
    recipe: &Recipe,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let chosen = Chosen::of(scenarios, &args.name, &args.one)?;
    let Chosen { program, settings, .. } = &chosen;
    let prepare = |executor: &mut Executor| chosen.prepare(executor);
    args.json.iter().chain(&args.simfail).try_for_each(|path| output_file::check(path))?;
    let around = Some(watchdog::EACH_POLL);
    // Where the file is standard output, it is all of that.
    let is_shown = ![&args.json, &args.simfail].iter().any(|path| path.as_deref() == Some(Path::new("-")));
    let log = LiveLog::new(&args.log, is_shown, console)?;
    let config = Config {
        trace: args.log.level(TraceLevel::Events),
        record: true,
        around,
        awaits: Some(AWAITS),
        ..args.one.checks.config()
    };
    let watch = Watch::begin(WatchedRun::OfCommand(recipe.clone()));
    let survey = run::survey(recipe, &chosen, config);
    let (source, deviations) = recipe.source_and_deviated(&survey);
    let recorded = program.variant.run_prepared(settings, config, source, |executor| {
        log.follow(executor);
        chosen.prepare(executor);
    });
    let (recorded, made) = run::confirm(recorded, config, recipe, &chosen, &survey);
    log.finish(console)?;
    let out: &mut dyn Write = if is_shown { &mut *console.out } else { &mut io::sink() };
    show::slow([&config, &made], out)?;
    show::failure(&recorded, out)?;
    let Some(recording) = &recorded.recording else { return Err("the run kept no recording".into()) };
    let source = Replay::new(recording);
    let followed = source.report();
    let mut replayed = program.variant.run_prepared(settings, made, Box::new(source), prepare);
    take_confirmation(&mut replayed, &recorded);
    let mut make = |config, source| program.variant.run_prepared(settings, config, source, prepare);
    let file = args.simfail.as_ref().map(|_| {
        Simfail::of_run(
            &program.to_string(),
            recipe,
            Config { record: false, awaits: None, ..made },
            &mut make,
        )
    });
    drop(watch);
    let is_same = compare(&recorded, &replayed, recording, followed.diverged_at(), out)?;
    show::last_line(&recorded, out)?;
    if let Some(path) = &args.json {
        let asked = Asked { program: *program, recipe, one: &args.one };
        output_file::write(path, run_json::text(&asked, &recorded, Some(is_same)), console.out)?;
    }
    if let (Some(path), Some(file)) = (&args.simfail, file) {
        keep(args, file, path, console)?;
    }
    run::complete(recipe, deviations.as_ref())?;
    Ok(if is_same { show::exit_of(&recorded) } else { Exit::Failure })
}

/// Writes the failure file, if there is a failure.
fn keep(
    args: &ReplayArgs,
    file: Option<Simfail>,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<(), Box<dyn Error>> {
    let Some(mut file) = file else {
        writeln!(console.err, "{} is not written: the run did not fail", path.display())?;
        return Ok(());
    };
    file.settings = args.one.of_file();
    output_file::write(path, file.to_string(), console.out)?;
    Ok(())
}

/// What came of the run at ten times its bound is so of its replay too, which is the same run.
fn take_confirmation(replayed: &mut Report, recorded: &Report) {
    if let Outcome::Error(RunError::Limit { blame, .. }) = &mut replayed.outcome
        && let Outcome::Error(RunError::Limit { blame: known, .. }) = &recorded.outcome
    {
        blame.at_ten_times = known.at_ten_times;
    }
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
