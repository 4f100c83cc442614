//! A source that follows a list of task names, as far as the tasks are ready.

use sim_executor::{Candidate, Candidates, Domain, Needs, Point, Source, Value};

use crate::exceptions::{DefaultOrder, Exceptions, Follow, Turn, find_turn};
use crate::strategy::ready_tasks::pick;

/// So far it is looked ahead in the list for a task that is ready.
const AHEAD: usize = 10;

/// At each contended step it is the turn of the next task in a list that is ready, if one of the next ten is; else of the
/// default's. Values are those of some exceptions.
///
/// A list of names bears changes that a list of positions does not: what was taken out leaves the rest with its meaning.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Turn>,
    next: usize,
    order: DefaultOrder,
    values: Follow,
}

impl Names {
    pub(super) fn new(names: Vec<Turn>, values: &Exceptions) -> Self {
        Names { names, next: 0, order: DefaultOrder::default(), values: Follow::new(values).0 }
    }

    fn turn(&mut self, candidates: &dyn Candidates) -> Candidate {
        let default = self.order.turn(candidates);
        let ahead = self.names.iter().enumerate().skip(self.next).take(AHEAD);
        let found = ahead.into_iter().find_map(|(place, name)| Some((place, find_turn(candidates, *name)?)));
        let Some((place, task)) = found else { return default };
        self.next = place + 1;
        task
    }
}

impl Source for Names {
    fn needs(&self) -> Needs {
        self.values.needs()
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match &point.domain {
            Domain::Among(candidates) => Some(pick(&self.turn(*candidates))),
            Domain::Flag { .. } | Domain::Int { .. } => self.values.decide(point),
        }
    }

    fn describe(&self) -> String {
        format!("{} names of tasks", self.names.len())
    }
}
