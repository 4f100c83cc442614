//! A source that deviates from the gentlest in a few decisions, and notes where else it could have.

use std::cell::{Ref, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;

use sim_executor::{Candidates, Domain, Fact, FactKinds, Needs, Point, Source, TaskId, Value};

use super::deviation::{Alternative, Deviation};
use super::equivalence::Equivalence;
use super::kinds::Kinds;
use super::run::DeviantRun;
use crate::strategy::postponed::Postponed;
use crate::strategy::ready_tasks::pick;

/// Answers every question with the gentlest, except those of its steps.
///
/// ```
/// use sim_executor::{Executor, choose};
/// use sim_explorer::{Deviant, DeviantRun};
///
/// // The first of the other answers to the second question: of a number, an extreme.
/// let run: DeviantRun = "each:run=1.0".parse().unwrap();
/// let source = Deviant::new(run);
/// let deviated = source.deviated();
/// let drawn = Executor::new(source).block_on(async { [choose(10), choose(10), choose(10)] });
/// assert_eq!(drawn.unwrap(), [0, 9, 0]);
/// assert!(deviated.is_complete());
/// ```
#[derive(Clone, Debug)]
pub struct Deviant {
    run: DeviantRun,
    /// How many steps were come to.
    reached: usize,
    decision: u64,
    postponed: Postponed,
    /// From which kinds of decisions others could deviate behind the last step, if that is wanted.
    noted: Option<Kinds>,
    /// Whether it looks at what polls touch.
    looks: bool,
    told: Rc<RefCell<Told>>,
}

/// What a source tells of its run.
#[derive(Clone, Debug, Default)]
struct Told {
    made: Vec<Deviation>,
    forks: Vec<Fork>,
    equivalence: Equivalence,
}

/// A decision with other answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fork {
    pub(super) at: u64,
    /// How many other answers.
    pub(super) answers: u32,
}

/// How far a run has followed its steps. It can be asked when the run is over.
#[derive(Clone, Debug)]
pub struct Deviated {
    steps: usize,
    told: Rc<RefCell<Told>>,
}

impl Deviant {
    /// The source of this run.
    #[must_use]
    pub fn new(run: DeviantRun) -> Self {
        let (postponed, told) = (Postponed::default(), Rc::default());
        Deviant { run, reached: 0, decision: 0, postponed, noted: None, looks: false, told }
    }

    /// The same, and it notes where else runs could deviate behind the last of its steps; and, if it is to look at that, to which runs
    /// its run is equal.
    pub(super) fn noting(run: DeviantRun, kinds: Kinds, looks: bool) -> Self {
        Deviant { noted: Some(kinds), looks, ..Deviant::new(run) }
    }

    /// What this source will have done when its run is over.
    #[must_use]
    pub fn deviated(&self) -> Deviated {
        Deviated { steps: self.run.steps.len(), told: Rc::clone(&self.told) }
    }

    fn note(&self, point: &Point<'_>, turn: Option<TaskId>) {
        let Some(kinds) = self.noted else { return };
        if self.reached < self.run.steps.len() || !kinds.has(point) {
            return;
        }
        let mut answers = 0;
        each_alternative(&point.domain, turn, &mut |_| answers += 1);
        if answers > 0 {
            self.told.borrow_mut().forks.push(Fork { at: self.decision, answers });
        }
    }
}

/// Calls `visit` with each answer besides the one that would be given, if it is the turn of this task.
fn each_alternative(domain: &Domain<'_>, turn: Option<TaskId>, visit: &mut dyn FnMut(Alternative)) {
    match domain {
        Domain::Among(candidates) => each_order(*candidates, turn, visit),
        Domain::Flag { .. } => visit(Alternative::Value(Value::Flag(true))),
        Domain::Int { lo, hi, simplest } => {
            for extreme in [*lo, *hi] {
                if extreme != *simplest {
                    visit(Alternative::Value(Value::Int(extreme)));
                }
            }
        }
    }
}

fn each_order(candidates: &dyn Candidates, turn: Option<TaskId>, visit: &mut dyn FnMut(Alternative)) {
    let next = turn.unwrap_or_else(|| candidates.gentlest());
    candidates.visit(&mut |candidate| {
        if candidate.task != next {
            visit(Alternative::Value(pick(&candidate)));
        }
        ControlFlow::Continue(())
    });
    // With two, the other first is the same.
    if candidates.count() > 2 {
        visit(Alternative::Postpone);
    }
}

fn nth_alternative(domain: &Domain<'_>, turn: Option<TaskId>, nth: u32) -> Option<Alternative> {
    let (mut number, mut found) = (0, None);
    each_alternative(domain, turn, &mut |alternative| {
        if number == nth {
            found = Some(alternative);
        }
        number += 1;
    });
    found
}

impl Source for Deviant {
    fn needs(&self) -> Needs {
        let facts = if self.looks { FactKinds::POLLS | FactKinds::ACCESSES } else { FactKinds::NONE };
        Needs { asked_anyway: self.run.faults, facts, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let mut among = None;
        if let Domain::Among(candidates) = point.domain {
            among = Some(candidates);
        }
        let turn = among.and_then(|candidates| self.postponed.turn(candidates));
        let (task, turn) = (turn.map(|turn| turn.task), turn.as_ref().map(pick));
        self.note(point, task);
        let due = self.run.steps.get(self.reached).filter(|step| step.at == self.decision).copied();
        self.decision += 1;
        let Some(step) = due else { return turn };
        self.reached += 1;
        let Some(answer) = nth_alternative(&point.domain, task, step.nth) else { return turn };
        let mut told = self.told.borrow_mut();
        told.made.push(Deviation { step, key: point.key, answer });
        if let Alternative::Value(value) = answer {
            told.equivalence.answer(point.key, value);
        }
        drop(told);
        match (answer, among) {
            (Alternative::Value(value), _) => Some(value),
            (Alternative::Postpone, Some(candidates)) => {
                self.postponed.postpone(candidates);
                self.postponed.turn(candidates).as_ref().map(pick)
            }
            (Alternative::Postpone, None) => None,
        }
    }

    fn observe(&mut self, fact: &Fact) {
        self.told.borrow_mut().equivalence.observe(fact);
    }

    fn describe(&self) -> String {
        self.run.to_string()
    }
}

impl Deviated {
    /// The deviations that the run has made.
    #[must_use]
    pub fn deviations(&self) -> Vec<Deviation> {
        self.told.borrow().made.clone()
    }

    /// Whether it has made all that it should. If not, the steps are those of another program, or of an older version.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.told.borrow().made.len() == self.steps
    }

    /// What the run has in common with those that differ from it only in the order of polls that touch nothing in common; nothing if no
    /// poll is known to tell all, or nobody looked.
    pub(super) fn equivalence(&self) -> Option<u64> {
        self.told.borrow_mut().equivalence.number()
    }

    /// Where else runs could deviate behind the last step.
    pub(super) fn forks(&self) -> Ref<'_, [Fork]> {
        Ref::map(self.told.borrow(), |told| told.forks.as_slice())
    }
}
