//! What answers the questions of a run.

use std::collections::BTreeMap;

use super::domain::{Domain, Value};
use super::draw::KeyedDraws;
use super::fact::{Fact, FactKinds, Resource};
use super::fault::Faults;
use super::key::Key;
use super::label::Label;
use super::ready::{Ready, ReadyId};
use super::recording::Recording;
use crate::clock::Instant;

/// What a source is told before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Whether the run keeps a recording.
    pub recorded: bool,
}

/// Who decides in which order ready tasks are polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nobody: tasks run in production order.
    Production,
    /// The run, by a priority for each poll that is drawn by its key: the highest runs first. That is what
    /// [`KeyedRandom`](super::KeyedRandom) would answer, without a question for each poll.
    Keyed(KeyedDraws),
    /// The source, which keeps the ready tasks itself, and is asked by [`Source::pick`] whenever several are ready: the quick way.
    Picked,
    /// The source, which is asked by [`Source::decide`] whenever several tasks are ready.
    Asked,
}

/// What a source wants to be asked. What it does not need is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Who decides which task is polled next.
    pub order: Order,
    /// Whether a node polls in iteration batches, as an event loop does, so that it looks at timers and at `stop` only
    /// between them. An order of the source's own mostly does without.
    pub batches: bool,
    /// Whether [`Point::key`] is set for the questions which task is polled next; in a recorded run it always is.
    pub point_keys: bool,
    /// After so many holds of its node's CPU, each by another task, a task that has been ready all the time is polled first,
    /// and nothing is asked. Real event loops are fair in this way: a task that blocks and yields again and again delays the
    /// others, and does not starve them. Several such tasks of a node run in the order of their wakes, and
    /// one that became ready while the CPU was held may wait for one hold more. A source that means to
    /// starve tasks raises it; `u32::MAX` is never. In production order, where every task has its turn anyway, it means nothing.
    pub holds_max: u32,
    /// Whether every ready task has its turn after some time that is bounded, or as good as: production order, and a walk that picks each
    /// ready task with the same probability. Then one that has to wait for longer starves: see [`Limits::starvation_min`](crate::Limits). Plain
    /// random order is not fair: a task keeps its priority while others draw new ones, and a very low one may wait for long. Default: no.
    pub is_fair: bool,
    /// Whether a task lets the source decide who goes on before it does an operation that need not wait, such as to take a free
    /// lock: see [`decision_point`](crate::decision_point). If not, such an operation lets nobody go first.
    pub decision_points: bool,
    /// Of which kinds of facts [`Source::observe`] is told. What nobody is told of costs one comparison at most.
    pub facts: FactKinds,
    /// Kinds of faults about which it is asked also where their probability is zero: a perfect link asks whether it loses each packet.
    /// Default: none.
    pub asked_anyway: Faults,
}

impl Needs {
    /// The default of [`Needs::holds_max`].
    pub const HOLDS_MAX: u32 = 4;
}

impl Default for Needs {
    /// To be asked which task is polled next, at decision points too, without batches, keys and facts, after at most four holds.
    fn default() -> Self {
        Needs {
            order: Order::Asked,
            batches: false,
            point_keys: false,
            holds_max: Needs::HOLDS_MAX,
            is_fair: false,
            decision_points: true,
            facts: FactKinds::NONE,
            asked_anyway: Faults::NONE,
        }
    }
}

/// How a run has ended, for its source.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RunEnd<'a> {
    /// Whether the run has failed.
    pub has_failed: bool,
    /// The hash of all that has happened in it.
    pub hash: u64,
    /// How many decisions there were that were not forced.
    pub decisions: u64,
    /// All decisions, if the run was recorded.
    pub recording: Option<&'a Recording>,
    /// What was touched, by names for people, as far as it has one; empty unless the source asked for [`FactKinds::NAMES`](super::FactKinds).
    pub resources: &'a BTreeMap<Resource, String>,
}

/// A question.
pub struct Point<'a> {
    /// The name of the decision. Which task is polled next is decided *after* something: after this poll of the task
    /// that ran last (lineage @ operation that it now waits at, ordinal).
    pub key: Key,
    /// At which operation it is asked; [`Label::POLL`] for the questions which task is polled next.
    pub label: Label,
    /// When it is asked.
    pub now: Instant,
    /// What may be answered.
    pub domain: Domain<'a>,
}

/// What answers the questions of a run: a seed, a recording, a search, a fuzzer's bytes.
///
/// A forced decision, with one possible answer, is never asked.
pub trait Source {
    /// Called once, before the first question.
    fn begin(&mut self, run: &RunInfo) {
        let _ = run;
    }

    /// What it wants to be asked; must not change during a run.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The answer; `None` is no opinion, so the gentlest is taken. So it is for an answer outside of the domain, which is
    /// also counted as misaligned.
    fn decide(&mut self, point: &Point<'_>) -> Option<Value>;

    /// The task that is polled next, where the order is [`Order::Picked`]. The source keeps the tasks that are ready: it is told of those that
    /// become so, and each that it answers it forgets. What it answers may be out of date, since a task that is the only one is polled without a
    /// question: then it is asked again. `None` is the gentlest.
    ///
    /// It is called while the run goes on, so it must not call into it. A source that is asked by [`Source::decide`] since another wraps it
    /// answers by [`Candidates::pick_by`](super::Candidates::pick_by).
    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        let _ = ready;
        None
    }

    /// Told of what happens, of the kinds in [`Needs::facts`], in the order in which it happens; all that was before a question is
    /// told before it. It is called while the run goes on, so it must not call into it.
    fn observe(&mut self, fact: &Fact) {
        let _ = fact;
    }

    /// Called once, when the run was ended with a report, after all else. A run that is dropped without a report ends in silence.
    fn end(&mut self, end: &RunEnd<'_>) {
        let _ = end;
    }

    /// Short, and enough to make the same source again: `random seed=7`.
    fn describe(&self) -> String;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn begin(&mut self, run: &RunInfo) {
        (**self).begin(run);
    }

    fn needs(&self) -> Needs {
        (**self).needs()
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        (**self).decide(point)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        (**self).pick(ready)
    }

    fn observe(&mut self, fact: &Fact) {
        (**self).observe(fact);
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        (**self).end(end);
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}
