//! `shrink`: the smallest run that fails as a run of a sweep does, with why it fails.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use seedbed::watchdog::{self, RunOptions, Watch, WatchedRun};
use sim_executor::{Config, Executor, Source, World};
use sim_explorer::{Explanation, Progress, Recipe, Shrink, ShrinkEnd, Shrunk, Simfail};
use sim_explorer::{Scenario, ShrinkError};

use crate::args::ShrinkArgs;
use crate::chosen::Chosen;
use crate::console::Console;
use crate::exit::Exit;
use crate::program::Program;
use crate::show::{QUIET, WRONG};
use crate::wall_time::Stopwatch;
use crate::{output_file, run};

/// Why nothing was shrunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NotShrunk {
    #[error("{program} does not fail in this run: {advice}")]
    Passes { program: String, advice: String },
    #[error("which run of {program}? Say so with --seed N, --seed production or --strategy each:run=12.1")]
    NoRun { program: String },
}

impl NotShrunk {
    fn passes(program: Program) -> Self {
        let advice = format!("`sweep {program}` looks for a seed that does");
        NotShrunk::Passes { program: program.to_string(), advice }
    }
}

pub(crate) fn shrink(
    args: &ShrinkArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let chosen = Chosen::of(scenarios, &args.name, &args.one)?;
    let Chosen { program, settings, .. } = &chosen;
    let prepare = |executor: &mut Executor| chosen.prepare(executor);
    args.simfail.iter().try_for_each(|path| output_file::check(path))?;
    let config = Config { around: Some(watchdog::EACH_POLL), ..args.one.checks.config() };
    let recipe = args.one.recipe()?;
    let recipe = recipe.ok_or_else(|| NotShrunk::NoRun { program: program.to_string() })?;
    let mut world = World::default();
    let survey = run::survey(&recipe, &chosen, config);
    let mut make = |config, source: Box<dyn Source>| {
        let _watch = Watch::begin(WatchedRun::OfCommand(recipe.clone()));
        program.variant.run_in(&mut world, settings, config, source, prepare)
    };
    let found = || recipe.source(&survey);
    let first = make(config, found());
    let (first, _) = run::confirm(first, config, &recipe, &chosen, &survey);
    if first.outcome.is_done() {
        return Err(NotShrunk::passes(*program).into());
    }
    let (stopwatch, bar) = (Stopwatch::start(), progress_bar(args.runs, console.is_process));
    let mut tell = |progress: &Progress| {
        bar.set_position(progress.runs);
        bar.set_message(progress.cost.to_string());
        let is_late = stopwatch.elapsed() >= Duration::from_secs(args.seconds);
        if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // Who asks for it waits for the smallest.
    let bounds = Shrink { runs_max: args.runs, stall_max: args.runs };
    let shrunk = bounds.shrink(config, &found, &mut make, &mut tell);
    bar.finish_and_clear();
    let shrunk = match shrunk {
        Ok(shrunk) => shrunk,
        Err(ShrinkError::Passes) => {
            return Err(NotShrunk::passes(*program).into());
        }
        Err(error) => {
            writeln!(console.out, "{WRONG}{program}{WRONG:#}: {error}")?;
            return Ok(Exit::Failure);
        }
    };
    let mut may_go_on = || stopwatch.elapsed() < Duration::from_secs(args.seconds.saturating_mul(2));
    let explanation = shrunk.explain(config, &mut make, &mut may_go_on);
    let file = args.simfail.as_ref().and_then(|_| {
        let file = Simfail::of_run(&program.to_string(), &recipe, config, &mut make)?;
        file.of_exceptions(&shrunk.exceptions, config, &mut make)
    });
    // Where the file is standard output, it is all of that.
    if args.simfail.as_deref() != Some(Path::new("-")) {
        show(args, *program, &recipe, &shrunk, &explanation, console)?;
    }
    if let (Some(path), Some(file)) = (&args.simfail, file) {
        output_file::write(path, with_settings(args, file, &shrunk).to_string(), console.out)?;
    }
    Ok(Exit::Failure)
}

fn with_settings(args: &ShrinkArgs, mut file: Simfail, shrunk: &Shrunk) -> Simfail {
    file.shrunk = format!("{} -> {} runs={}", shrunk.found, shrunk.cost, shrunk.runs);
    file.settings = args.one.of_file();
    file
}

fn show(
    args: &ShrinkArgs,
    program: Program,
    recipe: &Recipe,
    shrunk: &Shrunk,
    explanation: &Explanation,
    console: &mut Console<'_>,
) -> std::io::Result<()> {
    write!(console.out, "{WRONG}FAIL{WRONG:#} {program}  {explanation}")?;
    for (signature, other) in &shrunk.others {
        let message = other.message.lines().next().unwrap_or_default();
        writeln!(console.out, "another failure was met, a bug of its own: {signature}: {message}")?;
    }
    match shrunk.ended {
        ShrinkEnd::Smallest => {}
        ShrinkEnd::Runs | ShrinkEnd::Stalled => {
            writeln!(console.out, "cut off after {} runs: --runs allows more", shrunk.runs)?;
        }
        ShrinkEnd::Stopped => {
            writeln!(console.out, "cut off after {} s: --seconds allows more", args.seconds)?;
        }
    }
    writeln!(
        console.out,
        "{QUIET}reproduce: replay {program} {}{}{QUIET:#}",
        RunOptions(recipe),
        args.one.checks
    )
}

fn progress_bar(runs: u64, is_shown: bool) -> ProgressBar {
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = indicatif::ProgressStyle::with_template("{human_pos} runs, {msg}");
    let style = style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(runs), target).with_style(style)
}
