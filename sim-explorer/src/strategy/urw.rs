//! A random walk that is uniform over interleavings.

use std::sync::Arc;

use sim_executor::{Needs, Order, Point, Ready, ReadyId, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::per_task::PerTask;
use super::survey::Survey;
use super::weighted::WeightedTasks;

/// A ready task is polled next with a probability in proportion to how many polls it still has before it: the algorithm URW (Zhao, Wolff,
/// Mathur and Roychoudhury, "Selectively uniform concurrency testing", ASPLOS 2025).
///
/// When the numbers are right, every interleaving of tasks that never wait for each other is equally probable: a long task is not kept
/// back by short ones, as a plain walk does it. The numbers are those of the [`Survey`], a run in default order.
#[derive(Clone, Debug)]
pub struct Urw {
    draws: Draws,
    ready: WeightedTasks,
    survey: Arc<Survey>,
    /// How many polls each task still has before it.
    left: PerTask<u64>,
}

impl Urw {
    /// The walk of this seed, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, survey: Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:urw");
        Urw {
            draws: Draws::new(seed, STREAM),
            ready: WeightedTasks::default(),
            survey,
            left: PerTask::default(),
        }
    }
}

impl Source for Urw {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        for id in ready.fresh() {
            let task = ready.task(*id);
            let left = self.left.entry(task.task, || self.survey.polls(task.lineage));
            // One at least, for a task that is polled more often than it was in the survey.
            self.ready.add(*id, (*left).max(1));
            *left = left.saturating_sub(1);
        }
        self.ready.tidy(ready);
        let draws = &mut self.draws;
        self.ready.take(&mut || draws.next())
    }

    fn describe(&self) -> String {
        format!("urw seed={}", self.draws.seed())
    }
}
