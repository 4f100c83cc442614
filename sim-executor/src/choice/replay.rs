//! Exact replay: the answers of a recording, in order.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use super::domain::{Candidates, Domain, Value};
use super::fault::Faults;
use super::recording::{Decision, Recording};
use super::source::{Needs, Order, Point, Source};

/// Gives the answers of a [`Recording`], one after the other. Where the program no longer asks what was recorded, the
/// rest is answered with the gentlest, and [`ReplayReport`] says from which decision on.
#[derive(Debug)]
pub struct Replay {
    decisions: Vec<Decision>,
    batches: bool,
    holds_max: u32,
    decision_points: bool,
    asked_anyway: Faults,
    report: ReplayReport,
}

/// How far a replay has followed its recording; shared with the [`Replay`] that a run has taken.
#[derive(Clone, Debug, Default)]
pub struct ReplayReport {
    followed: Rc<Cell<usize>>,
    diverged: Rc<Cell<Option<usize>>>,
}

impl ReplayReport {
    /// How many decisions were answered as recorded.
    #[must_use]
    pub fn followed(&self) -> usize {
        self.followed.get()
    }

    /// The first decision, counted from zero, at which the program asked something else than was recorded.
    #[must_use]
    pub fn diverged_at(&self) -> Option<usize> {
        self.diverged.get()
    }
}

impl Replay {
    /// A replay of this recording.
    #[must_use]
    pub fn new(recording: &Recording) -> Self {
        Replay {
            decisions: recording.decisions.clone(),
            batches: recording.batches,
            holds_max: recording.holds_max,
            decision_points: recording.decision_points,
            asked_anyway: recording.asked_anyway,
            report: ReplayReport::default(),
        }
    }

    /// What will tell how far the replay has followed.
    #[must_use]
    pub fn report(&self) -> ReplayReport {
        self.report.clone()
    }

    fn diverge(&self) -> Option<Value> {
        self.report.diverged.set(Some(self.report.followed()));
        None
    }
}

impl Source for Replay {
    fn needs(&self) -> Needs {
        Needs {
            order: Order::Asked,
            batches: self.batches,
            point_keys: true,
            holds_max: self.holds_max,
            decision_points: self.decision_points,
            asked_anyway: self.asked_anyway,
            ..Needs::default()
        }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        if self.report.diverged_at().is_some() {
            return None;
        }
        let followed = self.report.followed();
        let Some(decision) = self.decisions.get(followed).copied() else {
            return self.diverge();
        };
        if decision.key != point.key {
            return self.diverge();
        }
        let value = match (&point.domain, decision.value) {
            (Domain::Among(candidates), Value::Pick { key, .. }) => find(*candidates, key),
            (Domain::Flag { .. }, Value::Flag(_)) => Some(decision.value),
            (Domain::Int { lo, hi, .. }, Value::Int(value)) if (*lo..=*hi).contains(&value) => {
                Some(decision.value)
            }
            _ => None,
        };
        if value.is_none() {
            return self.diverge();
        }
        self.report.followed.set(followed + 1);
        value
    }

    fn describe(&self) -> String {
        format!("replay of {} decisions", self.decisions.len())
    }
}

fn find(candidates: &dyn Candidates, key: super::key::Key) -> Option<Value> {
    let mut found = None;
    candidates.visit(&mut |candidate| {
        if candidate.key == key {
            found = Some(Value::Pick { task: candidate.task, key });
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}
