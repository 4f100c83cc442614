//! What a search that chooses its runs itself showed of one program.

use std::sync::Arc;
use std::time::Duration;

use seedbed::watchdog::{self, Watch, WatchedRun};
use serde::{Deserialize, Serialize};
use sim_executor::{Config, Executor, Report, Source, World};
use sim_explorer::{
    Exceptions, ExhaustiveEnd, ExhaustiveResult, FollowRun, GuidedEnd, GuidedResult, Recipe, confirmed,
};

use super::Entry;
use crate::search::Seedless;

/// What a search showed of one program.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) result: Found,
    pub(super) busy: Duration,
    /// The runs that a guided search keeps, as texts.
    pub(super) kept: Vec<String>,
}

/// The result of a search without its report, which is of its thread.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) runs: u64,
    pub(super) text: String,
    pub(super) what: What,
    /// The run that failed, by the text that makes it again.
    pub(super) recipe: Option<String>,
    pub(super) equal: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    Exhausted,
    CutOff,
    /// With so many deviations or preemptions.
    Failed(usize),
    /// The program is not the same twice.
    Diverged,
    /// A run has ended its process.
    Died,
}

impl From<ExhaustiveResult> for Found {
    fn from(result: ExhaustiveResult) -> Self {
        let what = match &result.ended {
            ExhaustiveEnd::Exhausted { .. } => What::Exhausted,
            ExhaustiveEnd::CutOff { .. } => What::CutOff,
            ExhaustiveEnd::Failed { preemptions, .. } => What::Failed(*preemptions as usize),
            _ => What::Diverged,
        };
        let text = match &result.ended {
            ExhaustiveEnd::Failed { report, .. } => first_line(report),
            _ => result.to_string(),
        };
        let recipe = match &result.ended {
            ExhaustiveEnd::Failed { turns, .. } => {
                let exceptions = Exceptions { schedule: turns.clone(), ..Exceptions::default() };
                Some(FollowRun::of(&exceptions).to_string())
            }
            _ => None,
        };
        Found { runs: result.runs, text, what, recipe, equal: 0 }
    }
}

impl From<&GuidedResult> for Found {
    fn from(result: &GuidedResult) -> Self {
        let mut recipe = None;
        let (what, text) = match &result.ended {
            GuidedEnd::Failed { exceptions, report } => {
                recipe = Some(FollowRun::of(exceptions).to_string());
                (What::Failed(exceptions.count()), first_line(report))
            }
            _ => (What::CutOff, result.to_string()),
        };
        Found { runs: result.runs, text, what, recipe, equal: 0 }
    }
}

/// What a run came to, in one line.
pub(super) fn first_line(report: &Report) -> String {
    report.outcome.to_string().lines().next().unwrap_or_default().to_string()
}

/// Is told of each run before it begins: how it is made, if that has a text.
pub(super) type Begins<'a> = dyn Fn(Option<&Recipe>) + 'a;

/// Makes one run of a program.
pub(super) fn make_run(
    world: &mut World,
    entry: &Entry,
    seedless: &Seedless,
    config: Config,
    source: Box<dyn Source>,
    begins: &Begins<'_>,
) -> Report {
    // A run of `each` is told by its recipe.
    let recipe: Option<Recipe> = source.describe().parse().ok();
    begins(recipe.as_ref());
    let watched = recipe.clone().map_or(WatchedRun::OfSearch(seedless.name()), WatchedRun::OfCommand);
    watchdog::name_subject(&entry.program.to_string());
    let _watch = Watch::begin(watched);
    let config = Config { around: Some(watchdog::BEATS), ..config };
    let prepare = |executor: &mut Executor| entry.prepare(executor);
    let mut run =
        |config, source| entry.program.variant.run_in(world, &entry.settings, config, source, prepare);
    let first = run(config, source);
    match recipe {
        Some(recipe) => confirmed(first, config, |config| run(config, recipe.source(&Arc::default()))),
        None => first,
    }
}
