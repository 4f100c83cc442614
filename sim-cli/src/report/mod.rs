//! `report`: one run, for other eyes than those of a console.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Executor, Report, TraceLevel, World};
use sim_explorer::{FailureText, RunSeed, Scenario, Strategy, Swept, Timeline};

use crate::args::ReportArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::profile::NetworkProfile;
use crate::{names, output_file, setting, show};

mod decided;
mod json_lines;
mod mermaid;
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
    let program = names::one(scenarios, &args.name, args.variant.as_deref())?;
    let files = files(args);
    files.iter().try_for_each(|(path, _)| output_file::check(path))?;
    let settings = setting::settings(program.scenario, &args.set)?;
    let profile = args.profile.as_deref().map(NetworkProfile::read).transpose()?;
    let prepare = |executor: &mut Executor| profile.iter().for_each(|profile| profile.prepare(executor));
    watchdog::name_subject(&program.to_string());
    let around = Some(watchdog::EACH_POLL);
    let config = Config { trace: TraceLevel::Wakes, record: true, around, ..Config::default() };
    let strategy = args.strategy.unwrap_or(Strategy::Random);
    let swept = Swept { variant: program.variant, settings: &settings, config, strategy, prepare: &prepare };
    let run = tell(&swept, args.seed);
    let beside = args.beside.map(|seed| tell(&swept, seed));
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

fn tell(swept: &Swept<'_>, seed: RunSeed) -> Told {
    let survey = match seed {
        RunSeed::Production => Arc::default(),
        RunSeed::Seed(_) => swept.survey(&mut World::default()),
    };
    let watch = Watch::begin(WatchedRun::OfCommand(seed, swept.strategy));
    let source = seed.source_by(swept.strategy, &survey);
    let report = swept.variant.run_prepared(swept.settings, swept.config, source, swept.prepare);
    drop(watch);
    let name = match seed {
        RunSeed::Production => "in production order".to_string(),
        RunSeed::Seed(seed) => format!("under seed {seed}"),
    };
    let timeline = Timeline::of(&report.trace);
    Told { name, report, timeline }
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
