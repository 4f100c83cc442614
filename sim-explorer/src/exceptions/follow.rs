//! A source that makes the run of some exceptions, as far as the program still comes to them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{Candidate, Candidates, Domain, Faults, Key, Needs, Order, Point, Source, Value};

use super::default_order::{DefaultOrder, find};
use super::{Exceptions, Turn, TurnException, ValueException};
use crate::strategy::ready_tasks::pick;

/// Makes the run of some [`Exceptions`]: the default order and the gentlest answers, but for these. An exception that the
/// program no longer comes to is left out, and [`Followed`] says which.
///
/// ```
/// use sim_executor::{Executor, Value, choose};
/// use sim_explorer::{Exceptions, Follow, Noted, ValueException};
///
/// let draws = || async { (choose(10), choose(10)) };
/// let (source, notes) = Noted::new(Follow::new(&Exceptions::default()).0);
/// Executor::new(source).block_on(draws()).unwrap();
/// let second = notes.asked()[1].key;
///
/// let other = Exceptions { values: vec![ValueException { key: second, value: Value::Int(7) }], ..Exceptions::default() };
/// let (source, followed) = Follow::new(&other);
/// assert_eq!(Executor::new(source).block_on(draws()).unwrap(), (0, 7));
/// assert!(followed.is_complete());
/// ```
#[derive(Debug)]
pub struct Follow {
    batches: bool,
    holds_max: u32,
    decision_points: bool,
    /// These faults, and those among the values, since the run asked about them, perhaps where their probability is zero.
    asked_anyway: Faults,
    turns: BTreeMap<Key, Turn>,
    values: BTreeMap<Key, Value>,
    order: DefaultOrder,
    followed: Followed,
}

/// Which exceptions a run has met; shared with the [`Follow`] that it has taken.
#[derive(Clone, Debug)]
pub struct Followed(Rc<RefCell<Left>>);

/// The exceptions that the run has not come to yet.
#[derive(Debug)]
struct Left {
    turns: BTreeMap<Key, TurnException>,
    values: BTreeMap<Key, ValueException>,
}

impl Followed {
    /// Whether the run has met all.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let left = self.0.borrow();
        left.turns.is_empty() && left.values.is_empty()
    }

    /// The changes of turns that it has not met: their poll was none of the run, or the task was not ready after it. Ordered by
    /// their keys.
    #[must_use]
    pub fn turns_left(&self) -> Vec<TurnException> {
        self.0.borrow().turns.values().copied().collect()
    }

    /// The values that it has not met: they were not asked, or may not be answered so. Ordered by their keys.
    #[must_use]
    pub fn values_left(&self) -> Vec<ValueException> {
        self.0.borrow().values.values().copied().collect()
    }
}

impl Follow {
    /// The source of these exceptions, and what will tell which were met.
    #[must_use]
    pub fn new(exceptions: &Exceptions) -> (Self, Followed) {
        let left = Left {
            turns: exceptions.schedule.iter().map(|turn| (turn.after, *turn)).collect(),
            values: exceptions.values.iter().map(|value| (value.key, *value)).collect(),
        };
        let source = Follow {
            batches: exceptions.batches,
            holds_max: exceptions.holds_max,
            decision_points: exceptions.decision_points,
            asked_anyway: exceptions.asked_anyway | exceptions.faults(),
            turns: left.turns.iter().map(|(key, exception)| (*key, exception.run)).collect(),
            values: left.values.iter().map(|(key, exception)| (*key, exception.value)).collect(),
            order: DefaultOrder::default(),
            followed: Followed(Rc::new(RefCell::new(left))),
        };
        let followed = source.followed.clone();
        (source, followed)
    }

    fn value(&self, point: &Point<'_>) -> Option<Value> {
        let value = *self.values.get(&point.key)?;
        if !may_be_answered(&point.domain, value) {
            return None;
        }
        self.followed.0.borrow_mut().values.remove(&point.key);
        Some(value)
    }

    fn turn(&mut self, after: Key, candidates: &dyn Candidates) -> Candidate {
        let default = self.order.turn(candidates);
        let Some(run) = self.turns.get(&after) else { return default };
        let Some(task) = find_turn(candidates, *run) else { return default };
        self.followed.0.borrow_mut().turns.remove(&after);
        task
    }
}

/// Whether a value may be answered to a question.
pub(crate) fn may_be_answered(domain: &Domain<'_>, value: Value) -> bool {
    match (domain, value) {
        (Domain::Flag { .. }, Value::Flag(_)) => true,
        (Domain::Int { lo, hi, .. }, Value::Int(number)) => (*lo..=*hi).contains(&number),
        _ => false,
    }
}

/// The task that is meant, if it may be polled.
pub(crate) fn find_turn(candidates: &dyn Candidates, run: Turn) -> Option<Candidate> {
    let mut before = 0;
    find(candidates, |candidate| {
        let is_of_lineage = candidate.lineage == run.lineage;
        before += u32::from(is_of_lineage);
        is_of_lineage && before == run.nth + 1
    })
}

impl Source for Follow {
    fn needs(&self) -> Needs {
        let Follow { batches, holds_max, decision_points, asked_anyway, .. } = *self;
        Needs {
            order: Order::Asked,
            batches,
            point_keys: true,
            holds_max,
            decision_points,
            asked_anyway,
            ..Needs::default()
        }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match &point.domain {
            Domain::Among(candidates) => Some(pick(&self.turn(point.key, *candidates))),
            Domain::Flag { .. } | Domain::Int { .. } => self.value(point),
        }
    }

    fn describe(&self) -> String {
        format!("default order but for {} exceptions", self.turns.len() + self.values.len())
    }
}
