//! Why a shrunk run fails: which exceptions it needs, and whose order decides.

use std::collections::BTreeSet;
use std::fmt;

use sim_executor::{Access, Config, Key, Report, Source, TraceLevel};

mod lanes;
mod neighbour;
mod polls;

use crate::exceptions::{AnswerKind, Exceptions, Follow, Step, TurnException, ValueException};
use crate::shrink::{Cost, Shrunk};
use crate::signature::Signature;
use lanes::Lanes;
use polls::{Polls, Race};

/// Of more exceptions the others are not left out each once.
const EXPLAINED_MAX: usize = 12;

/// Why a shrunk run fails. Its text is at most 40 lines: which failure it is, what happened around the decisions that matter with a lane
/// for each task, the *critical pair* of polls whose order decides, and which exceptions are needed.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Which failure.
    pub signature: Signature,
    /// What the run had that was found, and what is left.
    pub costs: [Cost; 2],
    /// How many runs were made to shrink it.
    pub runs: u64,
    /// The exceptions that are left, with what becomes of the run without each.
    pub exceptions: Vec<Explained>,
    /// The two polls whose order decides, if one exception of the schedule does.
    pub critical: Option<CriticalPair>,
    /// The operations whose answers differed from the gentlest in the run that was found, and do not matter.
    pub free: Vec<String>,
    lanes: Lanes,
}

/// One exception of a shrunk run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its line.
    pub text: String,
    /// What kind of exception it is.
    pub part: Part,
    /// What becomes of the run without it.
    pub without: Without,
}

/// What an exception is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Another task's turn.
    Turn,
    /// An answer of that kind.
    Value(AnswerKind),
}

/// What becomes of a shrunk run without one of its exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Without {
    /// It passes: the exception is needed.
    Passes,
    /// It fails in another way.
    FailsOtherwise(String),
    /// It fails in the same way, so the exception is not needed; the run was not shrunk to its end.
    Fails,
    /// Nobody looked, or the run was cut off.
    Unknown,
}

/// Two polls: in the order in which they are here the run fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalPair {
    /// The poll that came first: `main/b @ poll #0`.
    pub first: String,
    /// The poll that the default order would have made in its place.
    pub second: String,
    /// Whether the run passes if they come in the other order; else it fails in another way.
    pub passes_otherwise: bool,
    /// What both use: `lock "accounts"`. The first use is of the task of the first poll, there or later; the second is the first one of the other task
    /// with which it does not go together. `None` where no primitive has told.
    pub both_use: Option<BothUse>,
}

/// Two operations on one thing, of which the order decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BothUse {
    /// What it is: a lock, a channel, a socket, the end of a task.
    pub name: String,
    /// How the one that comes first uses it, and the other.
    pub accesses: [Access; 2],
}

impl Shrunk {
    /// Why the run fails: makes the smallest run once with a trace, and once without each of its exceptions, while `may_go_on` says
    /// so. `run` is as in [`Shrink::shrink`](crate::Shrink::shrink).
    pub fn explain(
        &self,
        config: Config,
        run: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
        may_go_on: &mut dyn FnMut() -> bool,
    ) -> Explanation {
        let config = Config { record: true, panic_functions: true, ..config };
        let exceptions = self.explained(config, run, may_go_on);
        let decisive = self.decisive(&exceptions);
        let (source, polls) = Polls::new(Follow::new(&self.exceptions).0);
        let traced = run(Config { trace: TraceLevel::All, ..config }, Box::new(source));
        let critical = decisive.map(|(step, without)| CriticalPair {
            first: self.poll_name(step.poll),
            second: self.poll_name(step.default_poll),
            passes_otherwise: *without == Without::Passes,
            both_use: polls
                .race(step.poll, step.default_poll)
                .map(|Race { name, accesses }| BothUse { name, accesses }),
        });
        let lanes = Lanes::new(self, &traced, &polls.keys(), decisive.map(|(step, _)| step));
        Explanation {
            signature: self.signature.clone(),
            costs: [self.found, self.cost],
            runs: self.runs,
            exceptions,
            critical,
            free: self.free(),
            lanes,
        }
    }

    fn explained(
        &self,
        config: Config,
        run: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
        may_go_on: &mut dyn FnMut() -> bool,
    ) -> Vec<Explained> {
        let Exceptions { schedule, values, .. } = &self.exceptions;
        let mut left = EXPLAINED_MAX;
        let mut without = |schedule: Vec<TurnException>, values: Vec<ValueException>| {
            if left == 0 || !may_go_on() {
                return Without::Unknown;
            }
            left -= 1;
            let exceptions = Exceptions { schedule, values, ..self.exceptions.none() };
            self.without(&run(config, Box::new(Follow::new(&exceptions).0)))
        };
        let mut explained = Vec::new();
        for (place, turn) in schedule.iter().enumerate() {
            let others = [&schedule[..place], &schedule[place + 1..]].concat();
            let (text, without) = (self.exceptions.turn_text(turn), without(others, values.clone()));
            explained.push(Explained { text, part: Part::Turn, without });
        }
        for (place, value) in values.iter().enumerate() {
            let others = [&values[..place], &values[place + 1..]].concat();
            let (text, without) = (self.exceptions.value_text(value), without(schedule.clone(), others));
            explained.push(Explained { text, part: Part::Value(self.exceptions.kind(value)), without });
        }
        explained
    }

    fn without(&self, report: &Report) -> Without {
        match Signature::of(report) {
            None => Without::Passes,
            Some(signature) if signature == self.signature => Without::Fails,
            // Perhaps it only needs longer.
            Some(signature) if signature.class.starts_with("limit") => Without::Unknown,
            Some(signature) => Without::FailsOtherwise(signature.to_string()),
        }
    }

    /// The last change of turns without which the run passes, or else without which it fails in another way.
    fn decisive<'a>(&'a self, explained: &'a [Explained]) -> Option<(&'a Step, &'a Without)> {
        let steps = self.run.steps.iter().filter(|step| !step.is_default);
        let turns: Vec<_> = steps.zip(explained.iter().map(|explained| &explained.without)).collect();
        let passes = turns.iter().rfind(|(_, without)| **without == Without::Passes);
        let fails = || turns.iter().rfind(|(_, without)| matches!(without, Without::FailsOtherwise(_)));
        passes.or_else(fails).copied()
    }

    fn poll_name(&self, poll: Key) -> String {
        let name = self.run.names().get(&poll.stream);
        name.map_or_else(|| "a poll".to_string(), |name| format!("{name} #{}", poll.ordinal))
    }

    /// The labels of what was not the gentlest in the run that was found, and is in the smallest.
    fn free(&self) -> Vec<String> {
        let labels = |exceptions: &Exceptions| -> BTreeSet<String> {
            let names = exceptions.values.iter().filter_map(|value| exceptions.names.get(&value.key.stream));
            names.map(|name| name.label.to_string()).collect()
        };
        labels(&self.found_exceptions).difference(&labels(&self.exceptions)).cloned().collect()
    }
}

impl Explanation {
    fn exceptions_text(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 8;
        if self.exceptions.is_empty() {
            return writeln!(
                out,
                "it fails in the default order already: no fault, no special order and no drawn value is needed"
            );
        }
        for Explained { text, part, without } in self.exceptions.iter().take(SHOWN_MAX) {
            let what = match part {
                Part::Turn => "order:",
                Part::Value(AnswerKind::Fault) => "fault:",
                Part::Value(_) => "value:",
            };
            let need = match without {
                Without::Passes => "needed".to_string(),
                Without::FailsOtherwise(signature) => format!("without it: {signature}"),
                Without::Fails => "not needed".to_string(),
                Without::Unknown => "not known whether it is needed".to_string(),
            };
            writeln!(out, "{what} {} ({})", cut(text, 200), cut(&need, 120))?;
        }
        match self.exceptions.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => writeln!(out, "… and {more} more"),
        }
    }
}

/// The beginning of a text of one line.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_string();
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [found, left] = self.costs;
        writeln!(out, "{}", cut(&self.signature.to_string(), 200))?;
        writeln!(out, "shrunk in {} runs: {found} -> {left}", self.runs)?;
        write!(out, "{}", self.lanes)?;
        if let Some(CriticalPair { first, second, passes_otherwise, both_use }) = &self.critical {
            let otherwise = if *passes_otherwise { "the run passes" } else { "the run fails in another way" };
            writeln!(out, "A is {}, B is {}", cut(first, 90), cut(second, 90))?;
            write!(out, "if A and B happen in the other order, {otherwise}")?;
            if let Some(BothUse { name, accesses }) = both_use {
                let [first, second] =
                    accesses.map(|access| if access == Access::Read { "looks" } else { "writes" });
                write!(out, ": both use {} (A {first}, then B {second})", cut(name, 120))?;
            }
            writeln!(out)?;
        }
        self.exceptions_text(out)?;
        if self.free.is_empty() {
            return Ok(());
        }
        let mut free: Vec<&str> = self.free.iter().take(12).map(String::as_str).collect();
        if free.len() < self.free.len() {
            free.push("…");
        }
        writeln!(out, "free to vary: {}", free.join(", "))
    }
}
