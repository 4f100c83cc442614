//! `report`: one run, for other eyes than those of a console.

use std::error::Error;
use std::path::{Path, PathBuf};

use seedbed::AWAITS;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Report, TraceLevel};
use sim_explorer::{FailureText, Recipe, Scenario, Strategy, Timeline};

use crate::args::ReportArgs;
use crate::chosen::Chosen;
use crate::console::Console;
use crate::exit::Exit;
use crate::run_by::RunBy;
use crate::{output_file, run, show};

mod decided;
mod json_lines;
mod mermaid;
mod neighbour;
mod page;
mod perfetto;
mod shiviz;

/// A run that is told.
struct Told {
    /// `under seed 2`.
    name: String,
    report: Report,
    timeline: Timeline,
}

/// What a report is about.
struct Story {
    /// `ws_lost_update/broken under seed 2`.
    title: String,
    run: Told,
    /// The run that is shown beside it.
    beside: Option<Told>,
}

/// Makes the text of a file.
type Format = fn(&Story) -> String;

pub(crate) fn report(
    args: &ReportArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let chosen = Chosen::of(scenarios, &args.name, &args.one)?;
    let Chosen { program, settings, .. } = &chosen;
    let files = files(args);
    files.iter().try_for_each(|(path, _)| output_file::check(path))?;
    let around = Some(watchdog::EACH_POLL);
    let config = Config {
        trace: TraceLevel::Wakes,
        record: true,
        around,
        awaits: Some(AWAITS),
        ..args.one.checks.config()
    };
    let tell = |recipe: &Recipe| -> Result<Told, Box<dyn Error>> {
        let survey = run::survey(recipe, &chosen, config);
        let watched = WatchedRun::OfCommand(recipe.clone());
        let name = watched.to_string();
        let watch = Watch::begin(watched);
        let (source, deviated) = recipe.source_and_deviated(&survey);
        let report =
            program.variant.run_prepared(settings, config, source, |executor| chosen.prepare(executor));
        let (report, _) = run::confirm(report, config, recipe, &chosen, &survey);
        drop(watch);
        run::complete(recipe, deviated.as_ref())?;
        let timeline = Timeline::of(&report.trace);
        Ok(Told { name, report, timeline })
    };
    let recipe = args.one.recipe()?.unwrap_or(Recipe::Production);
    let strategy = match args.one.strategy {
        Some(RunBy::Strategy(strategy)) => strategy,
        _ => Strategy::Random,
    };
    let (run, beside) = if args.neighbour {
        let survey = run::survey(&recipe, &chosen, config);
        let mut make = |config, source| {
            let _watch = Watch::begin(WatchedRun::OfCommand(recipe.clone()));
            program.variant.run_prepared(settings, config, source, |executor| chosen.prepare(executor))
        };
        let [run, beside] = neighbour::pair(config, (&recipe, &survey), &mut make)?;
        (run, Some(beside))
    } else {
        (tell(&recipe)?, args.beside.map(|seed| tell(&Recipe::of(seed, strategy))).transpose()?)
    };
    let title = format!("{program} {}", run.name);
    let story = Story { title, run, beside };
    for (path, format) in &files {
        output_file::write(path, format(&story), console.out)?;
    }
    if !files.iter().any(|(path, _)| *path == Path::new("-")) {
        show::last_line(&story.run.report, console.out)?;
    }
    Ok(show::exit_of(&story.run.report))
}

fn files(args: &ReportArgs) -> Vec<(&PathBuf, Format)> {
    let asked: [(&Option<PathBuf>, Format); 5] = [
        (&args.html, page::text),
        (&args.perfetto, perfetto::text),
        (&args.shiviz, shiviz::text),
        (&args.mermaid, mermaid::text),
        (&args.jsonl, json_lines::text),
    ];
    asked.into_iter().filter_map(|(path, format)| Some((path.as_ref()?, format))).collect()
}

impl Told {
    /// How it ended: the hash, and what went wrong.
    fn outcome(&self) -> String {
        let Report { hash, outcome, .. } = &self.report;
        format!("{}hash {hash:016x} outcome {}", FailureText(&self.report), outcome.word())
    }
}

/// Plain data as JSON.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| panic!("a run is plain data: {error}"))
}
