//! Delay bounding: the default order, but for a few tasks that are put behind.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_executor::{Needs, Order, Point, Ready, ReadyId, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::ready_tasks::most_listed;
use super::survey::Survey;

/// The default order, but that at a few random steps the task whose turn it is waits until all others that are ready then have had
/// theirs. That is delay-bounded scheduling (Emmi, Qadeer and Rakamarić, "Delay-bounded scheduling", POPL 2011), with the number of
/// delays drawn for each run, from one to `delays_max`.
///
/// It finds what goes wrong close to the undisturbed order. The steps of the delays are drawn over the length of the run in the [`Survey`].
#[derive(Clone, Debug)]
pub struct Delay {
    draws: Draws,
    delays_max: u32,
    /// The steps at which a task is delayed, the next one at the end.
    delays: Vec<u64>,
    step: u64,
    /// The ready tasks in the order of their turns, and some that are ready no longer.
    queue: VecDeque<ReadyId>,
}

impl Delay {
    /// The schedule of this seed with one to `delays_max` delays, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, delays_max: u32, survey: &Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:delay");
        let mut draws = Draws::new(seed, STREAM);
        let count = if delays_max > 0 { 1 + draws.below(u64::from(delays_max)) } else { 0 };
        let delays = draws.steps(count, survey.steps());
        Delay { draws, delays_max, delays, step: 0, queue: VecDeque::new() }
    }

    /// The task whose turn it is.
    #[cold]
    fn pop_ready(&mut self, ready: &Ready<'_>) -> Option<ReadyId> {
        while let Some(first) = self.queue.pop_front() {
            if ready.is_ready(first) {
                return Some(first);
            }
        }
        None
    }
}

impl Source for Delay {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        for id in ready.fresh() {
            self.queue.push_back(*id);
        }
        if self.queue.len() > most_listed(ready) {
            self.queue.retain(|id| ready.is_ready(*id));
        }
        if ready.is_again() {
            return self.queue.pop_front();
        }
        // It has come last, and would go on.
        let mut turn = ready.stopped().and_then(|stopped| self.queue.pop_back_if(|last| *last == stopped));
        while self.delays.pop_if(|step| *step <= self.step).is_some() {
            let delayed = turn.take().or_else(|| self.pop_ready(ready));
            self.queue.extend(delayed);
        }
        self.step += 1;
        turn.or_else(|| self.queue.pop_front())
    }

    fn describe(&self) -> String {
        format!("delay:delays={} seed={}", self.delays_max, self.draws.seed())
    }
}
