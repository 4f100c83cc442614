//! Keyed random order: every ready task gets a fresh priority, and the highest runs.

use std::collections::BinaryHeap;

use super::domain::{Candidate, Candidates, Domain, Eligibility, Value};
use super::draw::KeyedDraws;
use super::key::Key;
use super::source::{Point, Source};
use super::task_id::TaskId;

/// Draws every answer by its key from one seed. For the order of tasks that is the algorithm BasicPOS (Yuan, Yang and
/// Gu, "Partial order aware concurrency sampling", CAV 2018): each time that a task becomes ready its next poll
/// gets a random priority, and of all that may run the one with the highest does.
#[derive(Debug)]
pub struct KeyedRandom {
    draws: KeyedDraws,
    waiting: BinaryHeap<Ranked>,
    fresh: Vec<Candidate>,
    held: Vec<Ranked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    priority: u64,
    task: TaskId,
    key: Key,
}

impl KeyedRandom {
    /// The source of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        KeyedRandom {
            draws: KeyedDraws::new(seed),
            waiting: BinaryHeap::new(),
            fresh: Vec::new(),
            held: Vec::new(),
        }
    }

    fn highest(&mut self, candidates: &dyn Candidates) -> Option<Value> {
        candidates.take_fresh(&mut self.fresh);
        for Candidate { task, key, .. } in self.fresh.drain(..) {
            let priority = self.draws.draw(key);
            self.waiting.push(Ranked { priority, task, key });
        }
        let mut picked = None;
        while let Some(ranked) = self.waiting.pop() {
            match candidates.eligibility(ranked.task, ranked.key) {
                Eligibility::Ready => {
                    picked = Some(Value::Pick { task: ranked.task, key: ranked.key });
                    break;
                }
                Eligibility::Held => self.held.push(ranked),
                Eligibility::Gone => {}
            }
        }
        self.waiting.extend(self.held.drain(..));
        picked
    }
}

impl Source for KeyedRandom {
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
