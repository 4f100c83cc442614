//! One schedule of a search through all of them.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use sim_executor::{
    Candidate, Candidates, Fact, FactKinds, Key, KeyedDraws, Needs, Point, Source, TaskId, Value, hash_str,
};

use super::orders::Order;
use crate::exceptions::{DefaultOrder, Turn, TurnException};
use crate::strategy::among;
use crate::strategy::ready_tasks::pick;

/// What was chosen at each step at which there was a choice, which a search and its runs share: the way from the root of the tree
/// of schedules to one of its leaves.
#[derive(Clone, Debug)]
pub(super) struct Scheduled(Rc<RefCell<Path>>);

#[derive(Debug)]
struct Path {
    preemptions_max: u32,
    steps: Vec<Step>,
    /// Where the run is that follows it.
    at: usize,
    preemptions: u32,
    /// Whether a preemption was left out as it would have been one too many.
    is_bounded: bool,
    has_diverged: bool,
    /// Draws what is chosen behind the end; if not, it is the first.
    draws: Option<KeyedDraws>,
}

/// A step at which there was a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    /// After which poll.
    after: Key,
    chosen: u32,
    /// How many there were to choose from, within the bound.
    options: u32,
    /// Whose turn it was, if not the default's.
    turn: Option<Turn>,
}

impl Scheduled {
    /// The first schedule of those with at most so many preemptions: the default order.
    pub(super) fn new(preemptions_max: u32) -> Self {
        Scheduled::with(preemptions_max, None)
    }

    /// A schedule of which each choice is drawn.
    pub(super) fn drawn(preemptions_max: u32, number: u32) -> Self {
        Scheduled::with(preemptions_max, Some(KeyedDraws::new(u64::from(number))))
    }

    fn with(preemptions_max: u32, draws: Option<KeyedDraws>) -> Self {
        Scheduled(Rc::new(RefCell::new(Path {
            preemptions_max,
            steps: Vec::new(),
            at: 0,
            preemptions: 0,
            is_bounded: false,
            has_diverged: false,
            draws,
        })))
    }

    /// How many preemptions the last run had.
    pub(super) fn preemptions(&self) -> u32 {
        self.0.borrow().preemptions
    }

    /// Whether the last run left a preemption out that would have been one too many.
    pub(super) fn was_bounded(&self) -> bool {
        self.0.borrow().is_bounded
    }

    /// Whether the last run came to another step than the run before it, or did not come to one.
    pub(super) fn has_diverged(&self) -> bool {
        let path = self.0.borrow();
        path.has_diverged || path.at < path.steps.len()
    }

    /// Where it was another task's turn than in the default order.
    pub(super) fn turns(&self) -> Vec<TurnException> {
        let path = self.0.borrow();
        let turn = |step: &Step| step.turn.map(|run| TurnException { after: step.after, run });
        path.steps.iter().filter_map(turn).collect()
    }

    /// Goes on to the next schedule; whether there is one.
    pub(super) fn advance(&self) -> bool {
        let mut path = self.0.borrow_mut();
        while let Some(last) = path.steps.last_mut() {
            if last.chosen + 1 < last.options {
                last.chosen += 1;
                return true;
            }
            path.steps.pop();
        }
        false
    }

    /// From how many there was to choose, all steps together: how many leaves the tree would have if all were alike.
    pub(super) fn product_of_choices(&self) -> u128 {
        let path = self.0.borrow();
        path.steps.iter().fold(1, |product: u128, step| product.saturating_mul(u128::from(step.options)))
    }
}

/// The source of the run that follows a path, and goes on in default order behind its end.
#[derive(Debug)]
pub(super) struct Schedule {
    path: Scheduled,
    default: DefaultOrder,
    order: Rc<RefCell<Order>>,
}

impl Schedule {
    /// The source, and what tells in which order tasks came to what they share.
    pub(super) fn following(path: &Scheduled) -> (Self, Rc<RefCell<Order>>) {
        let mut begun = path.0.borrow_mut();
        (begun.at, begun.preemptions, begun.is_bounded, begun.has_diverged) = (0, 0, false, false);
        drop(begun);
        let order = Rc::default();
        let schedule =
            Schedule { path: path.clone(), default: DefaultOrder::default(), order: Rc::clone(&order) };
        (schedule, order)
    }
}

impl Path {
    /// The place of the candidate whose turn it is among `options`, of which the first is the default's.
    fn choose(&mut self, after: Key, options: u32) -> u32 {
        if options == 1 {
            return 0;
        }
        let at = self.at;
        self.at += 1;
        if let Some(step) = self.steps.get(at) {
            self.has_diverged |= step.after != after || step.options != options;
            return step.chosen.min(options - 1);
        }
        let chosen = self.draws.map_or(0, |draws| {
            const STREAM: u64 = hash_str("exhaustive:probe");
            let drawn = draws.draw(Key { stream: STREAM, ordinal: at as u32 });
            ((u128::from(drawn) * u128::from(options)) >> 64) as u32
        });
        self.steps.push(Step { after, chosen, options, turn: None });
        chosen
    }
}

impl Source for Schedule {
    fn needs(&self) -> Needs {
        Needs { point_keys: true, facts: FactKinds::ALL, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let candidates = among(&point.domain)?;
        let default = self.default.turn(candidates);
        let preempted = candidates.latest().filter(|latest| !latest.yields).map(|latest| latest.task);
        let is_preemption =
            |task: TaskId| task != default.task && preempted.is_some_and(|latest| latest != task);
        let mut path = self.path.0.borrow_mut();
        let is_full = path.preemptions == path.preemptions_max;
        let mut options = vec![default];
        candidates.visit(&mut |candidate| {
            if candidate.task != default.task {
                if is_full && is_preemption(candidate.task) {
                    path.is_bounded = true;
                } else {
                    options.push(candidate);
                }
            }
            ControlFlow::Continue(())
        });
        let before = path.at;
        let chosen = options[path.choose(point.key, options.len() as u32) as usize];
        path.preemptions += u32::from(is_preemption(chosen.task));
        if let Some(step) = path.steps.get_mut(before).filter(|_| options.len() > 1) {
            step.turn = (chosen.task != default.task).then(|| turn_of(candidates, &chosen));
        }
        Some(pick(&chosen))
    }

    fn observe(&mut self, fact: &Fact) {
        self.order.borrow_mut().observe(fact);
    }

    fn describe(&self) -> String {
        let path = self.path.0.borrow();
        let chosen: Vec<String> = path.steps.iter().map(|step| step.chosen.to_string()).collect();
        format!("exhaustive:preemptions={} choices={}", path.preemptions_max, chosen.join("."))
    }
}

/// The candidate by its lineage, and how many of that lineage are before it.
fn turn_of(candidates: &dyn Candidates, chosen: &Candidate) -> Turn {
    let mut nth = 0;
    candidates.visit(&mut |candidate| {
        if candidate.task == chosen.task {
            return ControlFlow::Break(());
        }
        nth += u32::from(candidate.lineage == chosen.lineage);
        ControlFlow::Continue(())
    });
    Turn { lineage: chosen.lineage, nth }
}
