//! A random walk in which tasks are also polled that were not woken.

use sim_executor::{Fault, Faults, Label, Needs, Point, Ready, ReadyId, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::walk::Walk;

/// The walk of the same seed, but that after one poll of eight in which a task has begun to wait the task is polled
/// once more although nobody has woken it.
///
/// A future has to bear that: whoever waits for several things at once is polled for each of them. One that takes any
/// poll for its own wake is found so.
#[derive(Clone, Debug)]
pub struct Restless {
    walk: Walk,
    draws: Draws,
}

/// The question whether a task is polled once more.
const SPURIOUS: Label = Label::new("task.spurious");

/// One poll of so many.
const ONE_IN: u64 = 8;

impl Restless {
    /// The walk of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        const STREAM: u64 = hash_str("strategy:restless");
        Restless { walk: Walk::new(seed), draws: Draws::new(seed, STREAM) }
    }
}

impl Source for Restless {
    fn needs(&self) -> Needs {
        Needs { asked_anyway: Faults::of(Fault::Spurious), ..self.walk.needs() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        if let Some(candidates) = among(&point.domain) {
            return candidates.pick_by(self);
        }
        if point.label.hash() == SPURIOUS.hash() {
            return Some(Value::Flag(self.draws.says_yes(1, ONE_IN)));
        }
        self.walk.decide(point)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.walk.pick(ready)
    }

    fn describe(&self) -> String {
        format!("restless seed={}", self.draws.seed())
    }
}
