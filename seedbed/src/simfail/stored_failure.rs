//! A failure that a file knows, as it is told to a person when it is still there.

use std::fmt;

use sim_executor::Trace;
use sim_explorer::{FailureText, Replayed, Status};

use crate::advice;
use crate::reproduce::{OfFile, TestCommand};

/// A test whose failure file fails.
#[derive(Debug)]
pub(crate) struct StoredFailure<'a> {
    pub(crate) test: &'a str,
    /// The file.
    pub(crate) path: &'a str,
    pub(crate) replayed: Replayed,
    /// The end of the log of its run.
    pub(crate) log: Trace,
    pub(crate) lines_shown: usize,
    pub(crate) command: TestCommand,
}

impl fmt::Display for StoredFailure<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StoredFailure { test, path, replayed, log, lines_shown, command } = self;
        let Replayed { status, report, unmet, difference, renewed } = replayed;
        let how = match status {
            Status::Other => "fails in another way than its failure file says",
            Status::Passed | Status::Stale(_) => "does not fail as its failure file says",
            Status::Exact | Status::Reproduced | Status::Repaired(_) => "fails as its failure file says",
        };
        writeln!(out, "{test} {how}: {status} {path} ({})", report.outcome.word())?;
        let shown = (*lines_shown).min(log.records.len());
        let left_out = log.records.len() - shown;
        if shown > 0 && left_out > 0 {
            writeln!(out, "… {left_out} lines before these")?;
        }
        log.records[left_out..].iter().try_for_each(|record| writeln!(out, "{record}"))?;
        write!(out, "{}", FailureText(report))?;
        advice::on_failure(report).into_iter().try_for_each(|advice| writeln!(out, "hint: {advice}"))?;
        unmet.iter().try_for_each(|entry| writeln!(out, "not met: {entry}"))?;
        if let Some(difference) = difference {
            writeln!(out, "{difference}")?;
        }
        if let (Status::Repaired(_), Some(renewed)) = (status, renewed) {
            writeln!(out, "the new file, which SEEDBED_SIMFAIL=upgrade writes:\n{renewed}")?;
        }
        writeln!(out, "hash {:016x}", report.hash)?;
        write!(out, "reproduce: {}", OfFile(path, command))
    }
}
