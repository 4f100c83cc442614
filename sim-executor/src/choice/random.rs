//! Keyed random order: every ready task gets a fresh priority, the highest runs.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::domain::{Candidate, Candidates, Domain, Eligibility, Value};
use super::draw::KeyedDraws;
use super::source::{Point, Source};

/// Draws every answer by its key from one seed. For the order of tasks that is the algorithm BasicPOS (Yuan, Yang and
/// Gu, "Partial order aware concurrency sampling", CAV 2018): each time that a task becomes ready its next poll
/// gets a random priority, and of all that may run the one with the highest does.
#[derive(Debug)]
pub struct KeyedRandom {
    draws: KeyedDraws,
    waiting: BinaryHeap<Ranked>,
    /// Whether the top of `waiting` was picked. It is left there until the next task takes its place, which costs less
    /// than to take it out and put the next one in.
    top_is_gone: bool,
    fresh: Vec<Candidate>,
    held: Vec<Ranked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    priority: u64,
    stamp: u32,
    index: u32,
}

impl KeyedRandom {
    /// The source of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        KeyedRandom {
            draws: KeyedDraws::new(seed),
            waiting: BinaryHeap::new(),
            top_is_gone: false,
            fresh: Vec::new(),
            held: Vec::new(),
        }
    }

    fn highest(&mut self, candidates: &dyn Candidates) -> Option<Value> {
        candidates.take_fresh(&mut self.fresh);
        for candidate in self.fresh.drain(..) {
            let priority = self.draws.draw(candidate.key);
            let ranked = Ranked { priority, stamp: candidate.stamp, index: candidate.task.index };
            if std::mem::take(&mut self.top_is_gone)
                && let Some(mut top) = self.waiting.peek_mut()
            {
                *top = ranked;
                continue;
            }
            self.waiting.push(ranked);
        }
        let picked = self.pick(candidates);
        self.waiting.extend(self.held.drain(..));
        picked
    }

    fn pick(&mut self, candidates: &dyn Candidates) -> Option<Value> {
        while let Some(top) = self.waiting.peek_mut() {
            if !std::mem::take(&mut self.top_is_gone) {
                match candidates.eligibility(top.index, top.stamp) {
                    Eligibility::Ready(Candidate { task, key, .. }) => {
                        // Where some are held they are put back, and one of them may become the top.
                        if self.held.is_empty() {
                            self.top_is_gone = true;
                        } else {
                            PeekMut::pop(top);
                        }
                        return Some(Value::Pick { task, key });
                    }
                    Eligibility::Held => self.held.push(*top),
                    Eligibility::Gone => {}
                }
            }
            PeekMut::pop(top);
        }
        None
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
