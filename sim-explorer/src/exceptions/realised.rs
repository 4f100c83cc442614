//! A run that was made, told by what it did otherwise than the default order.

use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{Instant, Key, Names, Needs, Report, Value};

use super::{AnswerKind, Exceptions, Turn, TurnException, ValueException};

/// A contended step: several tasks could have been polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// After which poll.
    pub after: Key,
    /// Whose turn it was.
    pub run: Turn,
    /// The name of the poll that it then had.
    pub poll: Key,
    /// The name of the poll that the default order would have made.
    pub default_poll: Key,
    /// Whether that is the default order.
    pub is_default: bool,
    /// Whether it was a switch away from a task that could have gone on and did not let others go first.
    pub is_preemption: bool,
    /// How many tasks could have been polled.
    pub candidates: u32,
}

/// A question about a value, with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub key: Key,
    /// The answer.
    pub value: Value,
    /// The gentlest answer.
    pub gentlest: Value,
    /// When it was asked.
    pub at: Instant,
}

/// A run that was made: see [`Noted`](super::Noted).
#[derive(Clone, Debug)]
pub struct Realised {
    /// How it was made; only what [`Exceptions`] hold of it.
    needs: Needs,
    /// The contended steps, in order.
    pub steps: Vec<Step>,
    /// The questions about values, in order.
    pub asked: Vec<Asked>,
    /// How many polls there were.
    pub polls: u64,
    /// How many decisions were asked.
    pub decisions: u64,
    /// The hash of the run.
    pub hash: u64,
    names: Names,
    tasks: BTreeMap<u64, Rc<str>>,
}

impl Realised {
    pub(super) fn new(needs: Needs, steps: Vec<Step>, asked: Vec<Asked>, report: &Report) -> Self {
        let names = report.recording.as_ref().map(|recording| recording.names.clone()).unwrap_or_default();
        let named = steps.iter().filter_map(|step| {
            let name = names.get(&step.poll.stream)?;
            Some((step.run.lineage, Rc::clone(&name.lineage)))
        });
        let tasks = named.collect();
        let (polls, decisions, hash) = (report.polls, report.decisions, report.hash);
        Realised { needs, steps, asked, polls, decisions, hash, names, tasks }
    }

    /// What the run did otherwise than the default order, and nothing else: the exceptions that make it again.
    #[must_use]
    pub fn exceptions(&self) -> Exceptions {
        let turn = |step: &Step| TurnException { after: step.after, run: step.run };
        let value = |asked: &Asked| ValueException { key: asked.key, value: asked.value };
        let schedule: Vec<_> = self.steps.iter().filter(|step| !step.is_default).map(turn).collect();
        let values: Vec<_> =
            self.asked.iter().filter(|asked| asked.value != asked.gentlest).map(value).collect();
        let streams = schedule.iter().map(|turn| turn.after).chain(values.iter().map(|value| value.key));
        let names = streams.filter_map(|key| Some((key.stream, self.names.get(&key.stream)?.clone())));
        let names = names.collect();
        let lineages = schedule.iter().map(|turn| turn.run.lineage);
        let tasks =
            lineages.filter_map(|lineage| Some((lineage, Rc::clone(self.tasks.get(&lineage)?)))).collect();
        let Needs { batches, holds_max, decision_points, asked_anyway, .. } = self.needs;
        let exceptions = Exceptions {
            batches,
            holds_max,
            decision_points,
            schedule,
            values,
            names,
            tasks,
            ..Exceptions::default()
        };
        let happened = exceptions.faults();
        let asked_anyway = asked_anyway.iter().filter(|fault| !happened.has(*fault)).collect();
        Exceptions { asked_anyway, ..exceptions }
    }

    /// How often a task was switched away from that could have gone on and did not let others go first.
    #[must_use]
    pub fn preemptions(&self) -> u64 {
        self.steps.iter().filter(|step| step.is_preemption).count() as u64
    }

    /// Whose turn it was at each contended step.
    #[must_use]
    pub fn turns(&self) -> impl ExactSizeIterator<Item = Turn> {
        self.steps.iter().map(|step| step.run)
    }

    /// The kind of an answer.
    #[must_use]
    pub fn kind(&self, asked: &Asked) -> AnswerKind {
        let label = self.names.get(&asked.key.stream).map_or("", |name| &*name.label);
        AnswerKind::of(label, asked.value)
    }

    /// The label of a question about a value, if it is known.
    #[must_use]
    pub fn label(&self, key: Key) -> Option<&str> {
        self.names.get(&key.stream).map(|name| &*name.label)
    }

    /// The names of all that the run was asked.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The path of a task that had its turn at a contended step.
    #[must_use]
    pub fn task(&self, lineage: u64) -> Option<&str> {
        self.tasks.get(&lineage).map(|path| &**path)
    }
}
