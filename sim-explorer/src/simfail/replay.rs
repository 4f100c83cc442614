//! A failure file that is replayed: is its failure still there.

use std::fmt;

use sim_executor::{Config, ProductionOrder, Recording, Replay, Report, Source};

use super::named::Entry;
use super::record::{MakeRun, as_recorded, survey};
use super::repair::repair;
use super::signed::is_signature;
use super::{BaseOrder, Simfail, Status};
use crate::exceptions::{Exceptions, Follow, Followed};
use crate::recipe::Recipe;
use crate::signature::Signature;

/// The line `found` of a file that needs it names no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its order is `found`, but its line `found` has no strategy and seed such as `pct:changes=5 seed=17`: {found:?}"
)]
pub struct FoundError {
    /// What stands there.
    pub found: String,
}

/// What became of a failure.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// In a word.
    pub status: Status,
    /// The run: of a repaired file the repaired one.
    pub report: Report,
    /// The entries that the run of the file as it is did not meet, as they stand there.
    pub unmet: Vec<String>,
    /// Where the run differs first from that of the file, if that can be said.
    pub difference: Option<Difference>,
    /// The file as it would be written of this run, if its failure is there and it is not the same run.
    pub renewed: Option<Simfail>,
}

impl Replayed {
    /// Makes the run again, such as with a trace.
    #[must_use]
    pub fn run_again(&self, config: Config, make: MakeRun<'_>) -> Report {
        let recording = self.report.recording.clone().unwrap_or_default();
        make(Config { panic_functions: true, ..config }, Box::new(Replay::new(&recording)))
    }
}

/// The first decision of a run that is not that of the file's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first decision that can be it, counted from zero.
    pub decision: u64,
    /// The last that can be it: the same, but in long runs.
    pub last: u64,
    /// How many decisions the file's run had.
    pub expected: u64,
    /// The decision as it is now; `None` if the run has none there.
    pub now: Option<String>,
}

impl fmt::Display for Difference {
    /// `decision 17 of 126 is another: now main @ user:choose #3 -> 7`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { decision, last, expected, now } = self;
        if decision == last {
            write!(out, "decision {decision} of {expected} is another")?;
        } else {
            write!(out, "one of the decisions {decision} to {last} of {expected} is another")?;
        }
        match now {
            Some(now) if decision == last => write!(out, ": now {now}"),
            Some(now) => write!(out, "; decision {decision} is now {now}"),
            None => out.write_str(": the run ends before it"),
        }
    }
}

/// A run of what a file lists.
pub(super) struct Attempt {
    pub(super) report: Report,
    pub(super) followed: Option<Followed>,
}

impl Simfail {
    /// Replays it, and repairs it if its failure is near.
    ///
    /// # Errors
    /// If its line `found` has to name a run, and does not.
    pub fn replay(&self, config: Config, make: MakeRun<'_>) -> Result<Replayed, FoundError> {
        let attempt = self.attempt(&self.exceptions(), config, make)?;
        let is_there = self.is_failure_of(&attempt.report);
        let difference = self.difference(&attempt.report);
        let unmet = self.unmet(&attempt);
        let is_unmet = !unmet.is_empty();
        let stale = unmet.len() as u32;
        let replayed = |status, report, renewed| Replayed { status, report, unmet, difference, renewed };
        if is_there && attempt.report.hash == self.expect.trace {
            return Ok(replayed(Status::Exact, attempt.report, None));
        }
        if is_there {
            let renewed = self.renewed(&attempt.report, config, make);
            return Ok(replayed(Status::Reproduced, attempt.report, Some(renewed)));
        }
        if let Some(repaired) = repair(self, is_unmet, config, make) {
            let renewed = repaired.file.renewed(&repaired.report, config, make);
            return Ok(replayed(Status::Repaired(repaired.entries), repaired.report, Some(renewed)));
        }
        let status = match stale {
            _ if !attempt.report.outcome.is_done() => Status::Other,
            0 => Status::Passed,
            stale => Status::Stale(stale),
        };
        Ok(replayed(status, attempt.report, None))
    }

    /// Makes the run of these exceptions, or that of the file's order.
    pub(super) fn attempt(
        &self,
        exceptions: &Exceptions,
        config: Config,
        make: MakeRun<'_>,
    ) -> Result<Attempt, FoundError> {
        let (source, followed): (Box<dyn Source>, _) = match self.order {
            BaseOrder::Default { .. } => {
                let (source, followed) = Follow::new(exceptions);
                (Box::new(source), Some(followed))
            }
            BaseOrder::Production => (Box::new(ProductionOrder), None),
            BaseOrder::Found => {
                let recipe = self.found_run()?;
                (recipe.source(&survey(&recipe, config, make)), None)
            }
        };
        let report = make(as_recorded(config), source);
        Ok(Attempt { report, followed })
    }

    /// What makes the source of its run, as often as that is asked for. Takes a run, if the strategy has to know the program.
    ///
    /// # Errors
    /// If its line `found` has to name a run, and does not.
    pub fn sources(
        &self,
        config: Config,
        make: MakeRun<'_>,
    ) -> Result<Box<dyn Fn() -> Box<dyn Source>>, FoundError> {
        Ok(match self.order {
            BaseOrder::Default { .. } => {
                let exceptions = self.exceptions();
                Box::new(move || Box::new(Follow::new(&exceptions).0))
            }
            BaseOrder::Production => Box::new(|| Box::new(ProductionOrder)),
            BaseOrder::Found => {
                let recipe = self.found_run()?;
                let survey = survey(&recipe, config, make);
                Box::new(move || recipe.source(&survey))
            }
        })
    }

    /// The run of its line `found`, behind which more may stand.
    fn found_run(&self) -> Result<Recipe, FoundError> {
        let words: Vec<&str> = self.found.split_whitespace().collect();
        let parsed = (1..=words.len().min(2)).rev().find_map(|count| words[..count].join(" ").parse().ok());
        parsed.ok_or_else(|| FoundError { found: self.found.clone() })
    }

    /// Whether the run fails as the file says.
    pub(super) fn is_failure_of(&self, report: &Report) -> bool {
        Signature::of(report).is_some_and(|found| is_signature(&self.signature, &found))
    }

    fn unmet(&self, attempt: &Attempt) -> Vec<String> {
        let Some(followed) = &attempt.followed else { return Vec::new() };
        let (_, entries) = self.keyed();
        let turns = followed.turns_left().into_iter().map(|turn| turn.after);
        let values = followed.values_left().into_iter().map(|value| value.key);
        let entries = turns.chain(values).filter_map(|key| entries.get(&key));
        entries.map(|entry| self.line(entry)).collect()
    }

    /// An entry as it stands in the file.
    fn line(&self, entry: &Entry) -> String {
        match entry {
            Entry::Turn(moment, task) => format!("{moment}   run {task}"),
            Entry::Value(name) => match self.values.get(name) {
                Some(value) => format!("{name}  = {value}"),
                None => format!("{name}  on"),
            },
        }
    }

    fn difference(&self, report: &Report) -> Option<Difference> {
        let recording: &Recording = report.recording.as_ref()?;
        let expected = self.expect.decisions;
        let places = self.expect.marks.first_difference(expected, &recording.decisions)?;
        let now = recording.decisions.get(places.start as usize).map(|decision| recording.text_of(decision));
        Some(Difference { decision: places.start, last: places.end - 1, expected, now })
    }

    /// The file of a run that has shown its failure again: what it came to, and not what it was asked for.
    fn renewed(&self, report: &Report, config: Config, make: MakeRun<'_>) -> Simfail {
        let told = match self.order {
            BaseOrder::Default { .. } => self.of_exceptions(&self.exceptions(), config, make),
            BaseOrder::Production | BaseOrder::Found => None,
        };
        told.unwrap_or_else(|| self.clone().expecting(report))
    }
}
