//! What a script is told of one run.

use std::collections::BTreeMap;

use serde::Serialize;
use sim_executor::{Report, Trace};
use sim_explorer::{FailureText, Recipe};

use crate::args::OneRunArgs;
use crate::pending::{Pending, pending};
use crate::program::Program;

#[derive(Serialize)]
struct Run<'a> {
    /// Of this form; rises when a script would misunderstand a new one.
    version: u32,
    full: String,
    /// A number, or `production`; a run of `each` has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    /// What makes the run again, in one text.
    recipe: String,
    source: &'a str,
    settings: BTreeMap<&'a str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    outcome: &'static str,
    hash: String,
    polls: u64,
    decisions: u64,
    /// Virtual time since the run began.
    ended_at_nanos: u64,
    /// What went wrong, if something did, as the console shows it.
    message: Option<String>,
    /// The tasks that had not ended, if it did not end as it should.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pending: Vec<Pending<'a>>,
    log: Vec<Entry>,
    /// Whether the replay of its decisions gave the same; only of `replay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_replayed: Option<bool>,
}

#[derive(Serialize)]
struct Entry {
    at_nanos: u64,
    task: String,
    text: String,
}

/// What was asked for.
pub(crate) struct Asked<'a> {
    pub(crate) program: Program,
    pub(crate) recipe: &'a Recipe,
    pub(crate) one: &'a OneRunArgs,
}

/// A run as JSON. Its log is as long as it was traced.
pub(crate) fn text(asked: &Asked<'_>, report: &Report, is_replayed: Option<bool>) -> String {
    let failure = FailureText(report).to_string();
    let run = Run {
        version: 1,
        full: asked.program.to_string(),
        seed: asked.recipe.names().0,
        recipe: asked.recipe.to_string(),
        source: &report.source,
        settings: asked.one.set.iter().map(|given| (given.name.as_str(), given.value)).collect(),
        profile: asked.one.profile.as_ref().map(|path| path.display().to_string()),
        outcome: report.outcome.word(),
        hash: format!("{:016x}", report.hash),
        polls: report.polls,
        decisions: report.decisions,
        ended_at_nanos: report.ended_at.as_nanos(),
        message: Some(failure.trim_end().to_string()).filter(|text| !text.is_empty()),
        pending: if report.outcome.is_done() { Vec::new() } else { pending(&report.pending) },
        log: entries(&report.trace),
        is_replayed,
    };
    let json =
        serde_json::to_string_pretty(&run).unwrap_or_else(|error| panic!("a run is plain data: {error}"));
    json + "\n"
}

fn entries(trace: &Trace) -> Vec<Entry> {
    let entry = |record: &sim_executor::Record| Entry {
        at_nanos: record.at.as_nanos(),
        task: record.lineage.to_string(),
        text: record.event.to_string(),
    };
    trace.records.iter().map(entry).collect()
}
