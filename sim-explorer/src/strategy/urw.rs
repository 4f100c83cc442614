//! A random walk that is uniform over interleavings.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_executor::{Point, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::ready_tasks::{ReadyTasks, pick};
use super::survey::Survey;

/// A ready task is polled next with a probability in proportion to how many polls it still has before it: the algorithm URW (Zhao, Wolff,
/// Mathur and Roychoudhury, "Selectively uniform concurrency testing", ASPLOS 2025).
///
/// When the numbers are right, every interleaving of tasks that never wait for each other is equally probable: a long task is not kept
/// back by short ones, as a plain walk does it. The numbers are those of the [`Survey`], a run in default order.
#[derive(Clone, Debug)]
pub struct Urw {
    draws: Draws,
    ready: ReadyTasks,
    survey: Arc<Survey>,
    /// How often each task was chosen, by the hash of its lineage.
    chosen: BTreeMap<u64, u64>,
}

impl Urw {
    /// The walk of this seed, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, survey: Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:urw");
        Urw { draws: Draws::new(seed, STREAM), ready: ReadyTasks::default(), survey, chosen: BTreeMap::new() }
    }
}

impl Source for Urw {
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        self.ready.update(candidates);
        let (draws, survey, chosen) = (&mut self.draws, &self.survey, &self.chosen);
        // One at least, for a task that is polled more often than it was in the survey.
        let left =
            |lineage| survey.polls(lineage).saturating_sub(chosen.get(&lineage).copied().unwrap_or(0)).max(1);
        let task =
            self.ready.take_weighted(candidates, |task| left(task.lineage), |total| draws.below(total))?;
        *self.chosen.entry(task.lineage).or_default() += 1;
        Some(pick(&task))
    }

    fn describe(&self) -> String {
        format!("urw seed={}", self.draws.seed())
    }
}
