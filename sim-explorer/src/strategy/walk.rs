//! A uniform random walk over the ready tasks.

use sim_executor::{Needs, Order, Point, Ready, ReadyId, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::ready_tasks::ReadyTasks;

/// At each step every task that may be polled is equally probable, whatever happened before.
///
/// Unlike [`KeyedRandom`](sim_executor::KeyedRandom), where a low priority keeps a task back for as long as it is ready, the walk has no
/// memory: bugs that need two tasks to alternate many times are its own.
#[derive(Clone, Debug)]
pub struct Walk {
    draws: Draws,
    ready: ReadyTasks,
}

impl Walk {
    /// The walk of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        const STREAM: u64 = hash_str("strategy:walk");
        Walk { draws: Draws::new(seed, STREAM), ready: ReadyTasks::default() }
    }
}

impl Source for Walk {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, is_fair: true, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.ready.update(ready);
        let draws = &mut self.draws;
        self.ready.take_uniform(|bound| draws.below(bound))
    }

    fn describe(&self) -> String {
        format!("walk seed={}", self.draws.seed())
    }
}
