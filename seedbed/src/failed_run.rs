//! A run of a test that failed, as it is told to a person.

use std::fmt;

use sim_executor::{Report, Trace};
use sim_explorer::{FailureText, RunSeed};

use crate::environment::SEED;

/// A run of a test that failed. Its text is what the test shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Text(self))]
pub struct FailedRun {
    /// The name of the test, as `cargo test` takes it.
    pub name: String,
    /// Which run.
    pub run: RunSeed,
    /// How it ended.
    pub report: Report,
    /// What happened in it, when it was made again with a trace.
    pub log: Trace,
    /// How many of the last lines of that are shown.
    pub lines_shown: usize,
    /// The hash of the run when it was made again, if that went another way.
    pub repeated_as: Option<u64>,
}

impl FailedRun {
    pub(crate) fn new(name: &str, run: RunSeed, report: Report, log: Trace, lines_shown: usize) -> Self {
        FailedRun { name: name.to_string(), run, report, log, lines_shown, repeated_as: None }
    }
}

/// `in production order`, `under seed 17`.
pub(crate) struct Under(pub(crate) RunSeed);

impl fmt::Display for Under {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RunSeed::Production => out.write_str("in production order"),
            RunSeed::Seed(seed) => write!(out, "under seed {seed}"),
        }
    }
}

struct Text<'a>(&'a FailedRun);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedRun { name, run, report, .. } = self.0;
        writeln!(out, "{name} fails {} ({})", Under(*run), report.outcome.word())?;
        self.log(out)?;
        if let Some(hash) = self.0.repeated_as {
            writeln!(
                out,
                "NOT DETERMINISTIC: made again, the run went another way (hash {:016x}, then {hash:016x})",
                report.hash
            )?;
        }
        write!(out, "{}", FailureText(report))?;
        write!(out, "reproduce: {SEED}={run} cargo test {name}")
    }
}

impl Text<'_> {
    fn log(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = &self.0.log.records;
        let shown = self.0.lines_shown.min(records.len());
        let left_out = records.len() - shown;
        if shown > 0 && left_out > 0 {
            writeln!(out, "… {left_out} lines before these")?;
        }
        records[left_out..].iter().try_for_each(|record| writeln!(out, "{record}"))
    }
}
