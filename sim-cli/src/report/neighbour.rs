//! The smallest run that fails as another does, and the passing run that is nearest to it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use sim_executor::{Config, Report, Source, TraceLevel};
use sim_explorer::{Exceptions, Follow, Recipe, Shrink, Survey, Timeline};

use super::Told;
use crate::wall_time::Stopwatch;

/// So long it is shrunk at most, and about so long it is then looked which exception decides.
const SECONDS_MAX: u64 = 60;

/// Why there is no such pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoNeighbour {
    #[error("the run has no passing neighbour: {why}")]
    NotShrunk { why: String },
    #[error(
        "no single exception of the smallest failing run decides, so no run next to it is known to pass; leave --neighbour out"
    )]
    NoneDecides,
}

/// The two runs, the failing one first.
pub(super) fn pair(
    config: Config,
    (recipe, survey): (&Recipe, &Arc<Survey>),
    make: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
) -> Result<[Told; 2], NoNeighbour> {
    let quiet = Config { trace: TraceLevel::Off, record: false, awaits: None, ..config };
    let stopwatch = Stopwatch::start();
    let is_late = |times: u64| stopwatch.elapsed() >= Duration::from_secs(times * SECONDS_MAX);
    let found = || recipe.source(survey);
    let tell = &mut |_: &_| if is_late(1) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let shrunk = Shrink::default().shrink(quiet, &found, make, tell);
    let shrunk = shrunk.map_err(|error| NoNeighbour::NotShrunk { why: error.to_string() })?;
    let explanation = shrunk.explain(quiet, make, &mut || !is_late(2));
    let (without, text) = shrunk.passing_neighbour(&explanation).ok_or(NoNeighbour::NoneDecides)?;
    let mut told = |name: String, exceptions: &Exceptions| {
        let report = make(config, Box::new(Follow::new(exceptions).0));
        let timeline = Timeline::of(&report.trace);
        Told { name, report, timeline }
    };
    let smallest = told("shrunk, fails".to_string(), &shrunk.exceptions);
    Ok([smallest, told(format!("passes without: {text}"), &without)])
}
