//! A source that notes what another makes of a run.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use sim_executor::{
    Candidate, Candidates, Domain, Fact, Faults, Needs, Order, Point, Report, RunEnd, RunInfo, Source,
    TaskId, Value,
};

use super::Turn;
use super::default_order::DefaultOrder;
use super::follow::may_be_answered;
use super::realised::{Asked, Realised, Step};
use crate::strategy::ready_tasks::pick;

/// Lets another source make a run, and notes it by what it does otherwise than the [`DefaultOrder`]. The run is the same as
/// without it.
///
/// ```
/// use sim_executor::{Config, Executor, KeyedRandom, Outcome, choose};
/// use sim_explorer::Noted;
///
/// let (source, notes) = Noted::new(KeyedRandom::new(1));
/// let mut executor = Executor::with_config(Config { record: true, ..Config::default() }, source);
/// let drawn = executor.block_on(async { choose(1_000) }).unwrap();
/// let report = executor.finish(Outcome::Done);
/// let realised = notes.of_run(&report);
/// assert_eq!(realised.exceptions().to_string(), format!("main @ user:choose #0 = {drawn}\n"));
/// ```
#[derive(Debug)]
pub struct Noted<S> {
    source: S,
    order: DefaultOrder,
    notes: Notes,
}

/// What is noted of a run; shared with the [`Noted`] that it has taken.
#[derive(Clone, Debug)]
pub struct Notes {
    batches: bool,
    holds_max: u32,
    decision_points: bool,
    asked_anyway: Faults,
    noted: Rc<RefCell<NotedSoFar>>,
}

#[derive(Debug, Default)]
struct NotedSoFar {
    steps: Vec<Step>,
    asked: Vec<Asked>,
}

impl Notes {
    /// The questions about values, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.noted.borrow().asked.clone()
    }

    /// The run that has ended with this report. Names are known if it was recorded. The notes are empty then.
    #[must_use]
    pub fn of_run(&self, report: &Report) -> Realised {
        let NotedSoFar { steps, asked } = self.noted.take();
        let Notes { batches, holds_max, decision_points, asked_anyway, .. } = *self;
        let needs = Needs { batches, holds_max, decision_points, asked_anyway, ..Needs::default() };
        Realised::new(needs, steps, asked, report)
    }
}

impl<S: Source> Noted<S> {
    /// The source that notes what `source` does, and the notes.
    #[must_use]
    pub fn new(source: S) -> (Self, Notes) {
        let Needs { order, batches, holds_max, decision_points, asked_anyway, .. } = source.needs();
        // Production order is fair by its batches.
        let holds_max = if order == Order::Production { u32::MAX } else { holds_max };
        let notes = Notes { batches, holds_max, decision_points, asked_anyway, noted: Rc::default() };
        let noted = Noted { source, order: DefaultOrder::default(), notes: notes.clone() };
        (noted, notes)
    }

    fn turn(&mut self, point: &Point<'_>, candidates: &dyn Candidates) -> Candidate {
        let answer = self.source.decide(point);
        let latest = candidates.latest();
        let default = self.order.turn(candidates);
        let task = match answer {
            Some(Value::Pick { task, .. }) => task,
            _ => candidates.gentlest(),
        };
        let (run, nth) = place(candidates, task).unwrap_or((default, 0));
        self.notes.noted.borrow_mut().steps.push(Step {
            after: point.key,
            run: Turn { lineage: run.lineage, nth },
            poll: run.key,
            default_poll: default.key,
            is_default: run.task == default.task,
            is_preemption: latest.is_some_and(|latest| !latest.yields && latest.task != run.task),
            candidates: candidates.count() as u32,
        });
        run
    }

    fn value(&mut self, point: &Point<'_>) -> Option<Value> {
        let answer = self.source.decide(point).filter(|value| may_be_answered(&point.domain, *value));
        let gentlest = match point.domain {
            Domain::Int { simplest, .. } => Value::Int(simplest),
            _ => Value::Flag(false),
        };
        let value = answer.unwrap_or(gentlest);
        let asked = Asked { key: point.key, value, gentlest, at: point.now };
        self.notes.noted.borrow_mut().asked.push(asked);
        answer
    }
}

/// The candidate that is this task, and how many of its lineage are before it.
fn place(candidates: &dyn Candidates, task: TaskId) -> Option<(Candidate, u32)> {
    let mut found = None;
    candidates.visit(&mut |candidate| {
        if candidate.task == task {
            found = Some(candidate);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    let found = found?;
    let mut before = 0;
    candidates.visit(&mut |candidate| {
        if candidate.task == task {
            return ControlFlow::Break(());
        }
        before += u32::from(candidate.lineage == found.lineage);
        ControlFlow::Continue(())
    });
    Some((found, before))
}

impl<S: Source> Source for Noted<S> {
    fn begin(&mut self, run: &RunInfo) {
        self.source.begin(run);
    }

    fn needs(&self) -> Needs {
        let Notes { batches, holds_max, .. } = self.notes;
        Needs { order: Order::Asked, batches, point_keys: true, holds_max, ..self.source.needs() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match &point.domain {
            Domain::Among(candidates) => Some(pick(&self.turn(point, *candidates))),
            Domain::Flag { .. } | Domain::Int { .. } => self.value(point),
        }
    }

    fn observe(&mut self, fact: &Fact) {
        self.source.observe(fact);
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        self.source.end(end);
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}
