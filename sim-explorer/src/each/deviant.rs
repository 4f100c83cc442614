//! A source that deviates from the gentlest in a few named decisions, and notes what else it could have answered.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use sim_executor::{Candidates, Domain, Faults, Needs, Point, Source, Value};

use super::deviation::{Alternative, Deviation};
use super::kinds::Kinds;
use crate::strategy::postponed::Postponed;
use crate::strategy::ready_tasks::pick;

/// Answers every question with the gentlest, except those of its deviations.
///
/// ```
/// use sim_executor::{Executor, Key, Value, choose};
/// use sim_explorer::{Alternative, Deviant, Deviation};
///
/// let key = Key { stream: 0, ordinal: 0 };
/// let deviation = Deviation { at: 1, key, answer: Alternative::Value(Value::Int(9)) };
/// let drawn = Executor::new(Deviant::new(vec![deviation])).block_on(async { [choose(10), choose(10), choose(10)] });
/// assert_eq!(drawn.unwrap(), [0, 9, 0]);
/// ```
#[derive(Clone, Debug)]
pub struct Deviant {
    deviations: Vec<Deviation>,
    /// How many deviations were made.
    made: usize,
    decision: u64,
    postponed: Postponed,
    asked_anyway: Faults,
    /// What else could have been answered after the last deviation, if that is wanted.
    noted: Option<(Kinds, Alternatives)>,
}

/// What a run could have answered besides; shared with the [`Deviant`] that a run has taken.
pub(super) type Alternatives = Rc<RefCell<Vec<Deviation>>>;

impl Deviant {
    /// The source with these deviations, in the order of their decisions.
    #[must_use]
    pub fn new(deviations: Vec<Deviation>) -> Self {
        Deviant {
            deviations,
            made: 0,
            decision: 0,
            postponed: Postponed::default(),
            asked_anyway: Faults::NONE,
            noted: None,
        }
    }

    /// The same, and these faults are asked about also where their probability is zero: as they were when the deviations were found.
    #[must_use]
    pub fn asking(self, asked_anyway: Faults) -> Self {
        Deviant { asked_anyway, ..self }
    }

    /// The same, and it notes what else could be answered behind the last of them.
    pub(super) fn noting(deviations: Vec<Deviation>, kinds: Kinds) -> (Self, Alternatives) {
        let alternatives = Alternatives::default();
        let noted = Some((kinds, Rc::clone(&alternatives)));
        (Deviant { noted, ..Deviant::new(deviations).asking(kinds.faults) }, alternatives)
    }

    fn note(&self, point: &Point<'_>, turn: Option<Value>) {
        let Some((kinds, alternatives)) = &self.noted else { return };
        if self.made < self.deviations.len() || !kinds.has(point) {
            return;
        }
        let mut alternatives = alternatives.borrow_mut();
        let mut add = |answer| alternatives.push(Deviation { at: self.decision, key: point.key, answer });
        match &point.domain {
            Domain::Among(candidates) => note_order(*candidates, turn, &mut add),
            Domain::Flag { .. } => add(Alternative::Value(Value::Flag(true))),
            Domain::Int { lo, hi, simplest } => {
                for extreme in [*lo, *hi] {
                    if extreme != *simplest {
                        add(Alternative::Value(Value::Int(extreme)));
                    }
                }
            }
        }
    }
}

fn note_order(candidates: &dyn Candidates, turn: Option<Value>, add: &mut impl FnMut(Alternative)) {
    let next = match turn {
        Some(Value::Pick { task, .. }) => task,
        _ => candidates.gentlest(),
    };
    candidates.visit(&mut |candidate| {
        if candidate.task != next {
            add(Alternative::Value(pick(&candidate)));
        }
        ControlFlow::Continue(())
    });
    // With two, the other first is the same.
    if candidates.count() > 2 {
        add(Alternative::Postpone);
    }
}

impl Source for Deviant {
    fn needs(&self) -> Needs {
        Needs { asked_anyway: self.asked_anyway, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let mut among = None;
        if let Domain::Among(candidates) = point.domain {
            among = Some(candidates);
        }
        let turn = among.and_then(|candidates| self.postponed.turn(candidates).as_ref().map(pick));
        self.note(point, turn);
        let due = self.deviations.get(self.made).filter(|deviation| deviation.at == self.decision).copied();
        self.decision += 1;
        let Some(deviation) = due else { return turn };
        self.made += 1;
        match (deviation.answer, among) {
            (Alternative::Value(value), _) => Some(value),
            (Alternative::Postpone, Some(candidates)) => {
                self.postponed.postpone(candidates);
                self.postponed.turn(candidates).as_ref().map(pick)
            }
            (Alternative::Postpone, None) => None,
        }
    }

    fn describe(&self) -> String {
        let deviations: Vec<String> = self.deviations.iter().map(Deviation::to_string).collect();
        format!("default order, but {}", deviations.join(", "))
    }
}
