//! Keyed random order: every ready task gets a fresh priority, the highest runs.

use std::ops::ControlFlow;

use super::domain::{Candidates, Domain, Value};
use super::draw::KeyedDraws;
use super::source::{Needs, Order, Point, Source};

/// Draws every answer by its key from one seed. For the order of tasks that is the algorithm BasicPOS (Yuan, Yang and
/// Gu, "Partial order aware concurrency sampling", CAV 2018): each time that a task becomes ready its next poll
/// gets a random priority, and of all that may run the one with the highest does.
///
/// The run itself keeps tasks in that order: see [`Order::Keyed`]. A source that wraps this one may ask to be asked instead,
/// and passes the questions on; the answers are the same.
#[derive(Clone, Copy, Debug)]
pub struct KeyedRandom {
    draws: KeyedDraws,
}

impl KeyedRandom {
    /// The source of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        KeyedRandom { draws: KeyedDraws::new(seed) }
    }

    fn highest(&self, candidates: &dyn Candidates) -> Option<Value> {
        let mut highest = None;
        candidates.visit(&mut |candidate| {
            let rank = (self.draws.draw(candidate.key), candidate.task.index);
            if highest.is_none_or(|(before, _)| before < rank) {
                highest = Some((rank, Value::Pick { task: candidate.task, key: candidate.key }));
            }
            ControlFlow::Continue(())
        });
        highest.map(|(_, pick)| pick)
    }
}

impl Source for KeyedRandom {
    fn needs(&self) -> Needs {
        Needs { order: Order::Keyed(self.draws), decision_points: false, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match &point.domain {
            Domain::Among(candidates) => self.highest(*candidates),
            domain => domain.value_of(self.draws.draw(point.key)),
        }
    }

    fn describe(&self) -> String {
        format!("random seed={}", self.draws.seed())
    }
}
