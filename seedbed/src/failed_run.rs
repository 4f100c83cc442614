//! A run of a test that failed, as it is told to a person.

use std::fmt;

use sim_executor::{Report, StatsTable, Trace};
use sim_explorer::{FailureText, Recipe};

use crate::advice;
use crate::causes::Causes;
use crate::real_threads::Outside;
use crate::reproduce::{OfFile, OneRun, TestCommand, Under};
use crate::simfail::Kept;

/// A run of a test that failed. Its text is what the test shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Text(self))]
pub struct FailedRun {
    /// The name of the test, as `cargo test` takes it.
    pub name: String,
    /// How it was made.
    pub run: Recipe,
    /// How it ended.
    pub report: Report,
    /// What happened in it, when it was made again with a trace.
    pub log: Trace,
    /// How many of the last lines of that are shown.
    pub lines_shown: usize,
    /// The hash of the run when it was made again, if that went another way.
    pub repeated_as: Option<u64>,
    /// What it came to each time that it was made again. Empty where only this run was asked for.
    pub again: Vec<Again>,
    /// What production order, which had passed, came to after this run, if that is something else: the program keeps something from
    /// run to run.
    pub production: Option<Again>,
    /// What real threads did while it was made again.
    pub outside: Outside,
    /// What runs the test.
    pub command: TestCommand,
    /// What became of its failure file.
    pub kept: Kept,
    /// Why the run fails, if it was shrunk: the text of an [`Explanation`](sim_explorer::Explanation).
    pub story: Option<String>,
}

/// What a failed run came to when it was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// How it was made: `alone in a new process`.
    pub how: &'static str,
    /// Whether it was made in a process that had made no other run: what the line that reproduces it does.
    pub is_alone: bool,
    /// Its hash.
    pub hash: u64,
    /// One word for how it ended, as of [`Outcome::word`](crate::Outcome::word).
    pub word: String,
}

impl Again {
    pub(crate) fn new(how: &'static str, hash: u64, word: &str) -> Self {
        Again { how, is_alone: false, hash, word: word.to_string() }
    }
}

impl FailedRun {
    pub(crate) fn new(
        name: &str,
        run: Recipe,
        report: Report,
        log: Trace,
        lines_shown: usize,
        command: TestCommand,
    ) -> Self {
        FailedRun {
            name: name.to_string(),
            run,
            report,
            log,
            lines_shown,
            repeated_as: None,
            again: Vec::new(),
            production: None,
            outside: Outside::default(),
            command,
            kept: Kept::No,
            story: None,
        }
    }

    /// Whether the run failed in the same way when it was made again from its recipe: alone in a new process if it was made so,
    /// else each time.
    #[must_use]
    pub fn is_reproducible(&self) -> bool {
        match self.again.iter().find(|again| again.is_alone) {
            Some(alone) => self.is_same(alone),
            None => self.again.iter().all(|again| self.is_same(again)) && self.production.is_none(),
        }
    }

    fn is_same(&self, again: &Again) -> bool {
        again.hash == self.report.hash && again.word == self.report.outcome.word()
    }
}

struct Text<'a>(&'a FailedRun);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedRun { name, run, report, outside, .. } = self.0;
        writeln!(out, "{name} fails {} ({})", Under(run), report.outcome.word())?;
        if let Some(story) = &self.0.story {
            writeln!(out, "{}\nthe run as it was found:", story.trim_end())?;
        }
        self.log(out)?;
        write!(out, "{}", FailureText(report))?;
        if !report.varied.is_empty() {
            let drawn: Vec<String> = report.varied.iter().map(ToString::to_string).collect();
            writeln!(out, "drawn for this run: {}", drawn.join(", "))?;
        }
        if !report.stats.is_empty() {
            write!(out, "{}", StatsTable(&report.stats))?;
        }
        let advice = advice::on_failure(report).into_iter().chain(outside.advice());
        advice.into_iter().try_for_each(|advice| writeln!(out, "hint: {advice}"))?;
        self.repetitions(out)
    }
}

impl Text<'_> {
    fn log(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedRun { log, again, lines_shown, .. } = self.0;
        let has_lines = *lines_shown > 0 && !log.records.is_empty();
        if let Some(traced) = again.iter().find(|again| again.how == WITH_TRACE)
            && !self.0.is_same(traced)
            && has_lines
        {
            writeln!(out, "(the log is that of the run made again, which went another way)")?;
        }
        write!(out, "{}", LastLines { log, lines_shown: *lines_shown })
    }

    /// Whether the run could be made again, and how a person does that.
    fn repetitions(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedRun { report, again, production, command, .. } = self.0;
        let is_reproducible = self.0.is_reproducible();
        let (same, other): (Vec<&Again>, Vec<&Again>) = again.iter().partition(|again| self.0.is_same(again));
        write!(out, "hash {:016x}", report.hash)?;
        if !same.is_empty() {
            let how: Vec<&str> = same.iter().map(|again| again.how).collect();
            write!(out, ", and the same when the run was made again {}", how.join(", "))?;
        }
        writeln!(out)?;
        if !other.is_empty() || production.is_some() {
            let what = if is_reproducible { "NOT DETERMINISTIC" } else { "NOT REPRODUCED from its choices" };
            let run = if other.is_empty() { "production order" } else { "the run" };
            writeln!(out, "{what}: when it was made again, {run} went another way")?;
        }
        for Again { how, hash, word, .. } in other {
            writeln!(out, "  {how}: hash {hash:016x} outcome {word}")?;
        }
        if let Some(Again { how, hash, word, .. }) = production {
            writeln!(
                out,
                "  {how}, which had passed in another way before it: hash {hash:016x} outcome {word}"
            )?;
        }
        if is_reproducible {
            return self.reproduce(out);
        }
        writeln!(
            out,
            "so it depends on the runs before it, or on what differs from one process to the next"
        )?;
        writeln!(out, "{}", Causes::of_this_program())?;
        write!(out, "all runs of the test, one after the other: {command}")
    }
}

impl Text<'_> {
    /// The lines that make the run again.
    fn reproduce(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedRun { run, command, kept, .. } = self.0;
        match kept {
            Kept::Written { path, shrunk } => {
                let shrunk = if shrunk.is_empty() { String::new() } else { format!(" (shrunk: {shrunk})") };
                writeln!(out, "failure file: {path}{shrunk}; it is replayed first from now on")?;
                writeln!(out, "reproduce: {}", OfFile(path, command))?;
                write!(out, "as it was found: {}", OneRun(run, command))
            }
            Kept::NotWritten { why, text } => {
                writeln!(out, "the failure file cannot be written: {why}; this is it:\n{text}")?;
                write!(out, "reproduce: {}", OneRun(run, command))
            }
            Kept::No => write!(out, "reproduce: {}", OneRun(run, command)),
        }
    }
}

/// The end of a log, each record on a line.
pub(crate) struct LastLines<'a> {
    pub(crate) log: &'a Trace,
    pub(crate) lines_shown: usize,
}

impl fmt::Display for LastLines<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = &self.log.records;
        let left_out = records.len().saturating_sub(self.lines_shown);
        if self.lines_shown > 0 && left_out > 0 {
            writeln!(out, "… {left_out} lines before these")?;
        }
        records[left_out..].iter().try_for_each(|record| writeln!(out, "{}", Line(&record.to_string())))
    }
}

/// The beginning of a line that may be long.
struct Line<'a>(&'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BYTES_MAX: usize = 2_000;
        let shown = &self.0[..self.0.floor_char_boundary(BYTES_MAX)];
        out.write_str(shown)?;
        if shown.len() < self.0.len() {
            write!(out, "… and {} bytes more", self.0.len() - shown.len())?;
        }
        Ok(())
    }
}

/// How the run was made whose log is shown.
pub(crate) const WITH_TRACE: &str = "with a trace";
