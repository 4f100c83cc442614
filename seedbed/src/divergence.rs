//! A program that does not do the same twice.

use std::fmt;

use sim_executor::{Event, Report};
use sim_explorer::Recipe;

use crate::causes::Causes;
use crate::reproduce::{TestCommand, Under};

/// Two runs with the same choices went different ways, so something that is no choice of the run decides in the program.
/// Its text is what the test shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Text(self))]
pub struct Divergence {
    /// The name of the test, as `cargo test` takes it.
    pub name: String,
    /// How it was made.
    pub run: Recipe,
    /// The hashes of the two.
    pub hashes: [u64; 2],
    /// Where they part, if it could be seen.
    pub difference: Option<Difference>,
    /// What runs the test again.
    pub command: TestCommand,
}

/// Where two runs part: the first records that differ in their traces, and the first decisions, as text; `None` where one had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many records are the same before.
    pub same: usize,
    /// What happened next in the one, and in the other: when, to which task, and what.
    pub records: [Option<String>; 2],
    /// The first decision that differs, if one does.
    pub decision: Option<DecisionDifference>,
    /// The tasks that the two records are about.
    pub tasks: Vec<DivergedTask>,
}

/// The first decision that differs in two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionDifference {
    /// Its number, from zero.
    pub number: usize,
    /// Who decided what at which operation, in the one and in the other; `None` where one had decided for the last time.
    pub decisions: [Option<String>; 2],
}

/// A task that did something else in one of two equal runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivergedTask {
    /// Its path of names.
    pub task: String,
    /// The last that it did before, when both runs were still the same.
    pub before: Vec<String>,
    /// Its node, where it was spawned and where it was then, as far as that could be seen: `on main, spawned at src/shop.rs:7, awaits at
    /// src/shop.rs:12 in shop::serve`.
    pub place: Option<String>,
}

/// So many records of a task are told.
const BEFORE_MAX: usize = 5;

/// What two runs are compared by. It can leave the thread of its run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    records: Vec<ToldRecord>,
    decisions: Vec<String>,
}

#[derive(Clone, Debug)]
struct ToldRecord {
    text: String,
    task: String,
    is_poll: bool,
}

impl Told {
    pub(crate) fn new(report: &Report) -> Self {
        let records = report.trace.records.iter().map(|record| ToldRecord {
            text: record.to_string(),
            // Of a wake it matters who was woken: who did that may be no task.
            task: match &record.event {
                Event::Woke { task } => task.to_string(),
                _ => record.lineage.to_string(),
            },
            is_poll: matches!(record.event, Event::Polled),
        });
        let decisions = report.recording.as_ref().map(ToString::to_string).unwrap_or_default();
        Told { records: records.collect(), decisions: decisions.lines().map(str::to_string).collect() }
    }

    /// How many polls had ended before what comes behind the first records: the last of them may be in the midst of it.
    pub(crate) fn polls_ended(&self, records: usize) -> u64 {
        let polls = self.records[..records].iter().filter(|record| record.is_poll).count() as u64;
        let is_next_poll = self.records.get(records).is_none_or(|next| next.is_poll);
        if is_next_poll { polls } else { polls.saturating_sub(1) }
    }
}

impl Difference {
    pub(crate) fn between(one: &Told, other: &Told) -> Option<Difference> {
        let pairs = one.records.iter().zip(&other.records);
        let same = pairs.take_while(|(one, other)| one.text == other.text).count();
        let next = [one, other].map(|told| told.records.get(same));
        if next.iter().all(Option::is_none) {
            return None;
        }
        let mut tasks: Vec<DivergedTask> = Vec::new();
        for record in next.into_iter().flatten() {
            if tasks.iter().all(|known| known.task != record.task) {
                let of_task = one.records[..same].iter().filter(|before| before.task == record.task);
                let mut before: Vec<String> =
                    of_task.rev().take(BEFORE_MAX).map(|record| record.text.clone()).collect();
                before.reverse();
                tasks.push(DivergedTask { task: record.task.clone(), before, place: None });
            }
        }
        let records = next.map(|record| record.map(|record| record.text.clone()));
        Some(Difference { same, records, decision: DecisionDifference::between(one, other), tasks })
    }

    /// Takes over where its tasks were, from a run that was ended there.
    pub(crate) fn tell_places(&mut self, ended_there: &Report) {
        for known in &mut self.tasks {
            let task = ended_there.pending.iter().find(|task| *task.lineage == *known.task);
            known.place = task.map(|task| {
                let awaits: Vec<String> = task.awaits.iter().map(|site| format!(", awaits {site}")).collect();
                let spawned_at = task.spawned_at;
                format!(
                    "on {}, spawned at {}:{}{}",
                    task.node,
                    spawned_at.file(),
                    spawned_at.line(),
                    awaits.concat()
                )
            });
        }
    }
}

impl DecisionDifference {
    fn between(one: &Told, other: &Told) -> Option<DecisionDifference> {
        let number =
            one.decisions.iter().zip(&other.decisions).take_while(|(one, other)| one == other).count();
        // The sign before a decision says whether it is the default.
        let at =
            |told: &Told| told.decisions.get(number).map(|line| line.get(2..).unwrap_or(line).to_string());
        let decisions = [one, other].map(at);
        decisions.iter().any(Option::is_some).then_some(DecisionDifference { number, decisions })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "the first {} records of their traces are the same, then came", self.same)?;
        tell_both(out, &self.records)?;
        if let Some(DecisionDifference { number, decisions }) = &self.decision {
            writeln!(out, "the first decision that differs is number {number}, counted from zero:")?;
            tell_both(out, decisions)?;
        }
        for DivergedTask { task, before, place } in &self.tasks {
            if let Some(place) = place {
                writeln!(out, "{task} {place}")?;
            }
            if before.is_empty() {
                writeln!(out, "{task} had done nothing before")?;
            } else {
                writeln!(out, "{task} had come there by")?;
                before.iter().try_for_each(|record| writeln!(out, "  {record}"))?;
            }
        }
        Ok(())
    }
}

fn tell_both(out: &mut fmt::Formatter<'_>, both: &[Option<String>; 2]) -> fmt::Result {
    for (which, what) in ["in one run:  ", "in the other:"].iter().zip(both) {
        writeln!(out, "  {which} {}", what.as_deref().unwrap_or("the end"))?;
    }
    Ok(())
}

struct Text<'a>(&'a Divergence);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence { name, run, hashes: [first, second], difference, command } = self.0;
        writeln!(
            out,
            "{name} is not deterministic: two runs {} went different ways (hash {first:016x}, then {second:016x})",
            Under(run)
        )?;
        match difference {
            Some(difference) => write!(out, "{difference}")?,
            None => {
                writeln!(out, "later runs have the same trace: perhaps a static is set up in the first one")?
            }
        }
        writeln!(out, "{}", Causes::of_this_program())?;
        write!(out, "reproduce: {command}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str], decisions: &[&str]) -> Told {
        let record = |text: &&str| {
            let task = text.split(' ').next().unwrap().to_string();
            ToldRecord { text: format!("0.000 {text}"), task, is_poll: text.ends_with("polled") }
        };
        Told {
            records: texts.iter().map(record).collect(),
            decisions: decisions.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn equal_traces_do_not_differ() {
        let same = || told(&["a x", "b y"], &["  a @ x #0 -> 1"]);
        assert_eq!(Difference::between(&same(), &same()), None);
    }

    #[test]
    fn the_first_difference_is_found_also_at_an_end() {
        let [one, other] = [told(&["a x", "b y"], &[]), told(&["a x", "c y", "d z"], &[])];
        let difference = Difference::between(&one, &other).unwrap();
        assert_eq!(difference.same, 1);
        assert_eq!(difference.records[1].as_deref(), Some("0.000 c y"));
        assert_eq!(difference.decision, None);
        let difference = Difference::between(&told(&["a x"], &[]), &told(&["a x", "b y"], &[])).unwrap();
        assert_eq!((difference.same, &difference.records[0]), (1, &None));
    }

    #[test]
    fn the_tasks_of_both_records_are_told_with_what_they_did_before_and_the_decision_that_differs() {
        let begin =
            ["a polled", "b polled", "a says 1", "a polled", "a says 2", "a says 3", "a says 4", "a says 5"];
        let one = told(&[&begin[..], &["a polled"]].concat(), &["  m @ x #0 -> 1", "* m @ x #1 -> 2"]);
        let other = told(&[&begin[..], &["b polled"]].concat(), &["  m @ x #0 -> 1", "  m @ x #1 -> 0"]);
        let difference = Difference::between(&one, &other).unwrap();
        assert_eq!(one.polls_ended(difference.same), 3);
        assert_eq!(one.polls_ended(difference.same - 1), 2, "the third was not over");
        let text = difference.to_string();
        let expected = "the first 8 records of their traces are the same, then came
  in one run:   0.000 a polled
  in the other: 0.000 b polled
the first decision that differs is number 1, counted from zero:
  in one run:   m @ x #1 -> 2
  in the other: m @ x #1 -> 0
a had come there by
  0.000 a polled
  0.000 a says 2
  0.000 a says 3
  0.000 a says 4
  0.000 a says 5
b had come there by
  0.000 b polled
";
        assert_eq!(text, expected);
    }
}
