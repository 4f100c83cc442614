//! Probabilistic concurrency testing: fixed priorities with a few changes.

use std::sync::Arc;

use sim_executor::{Instant, Needs, Order, Point, Ready, ReadyId, ReadyTask, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::per_task::PerTask;
use super::ranked::{Ranked, RankedTasks};
use super::survey::Survey;

/// After so many steps at one instant of virtual time the task that would run becomes the last: or tasks that wait for another one by yielding,
/// alone or in turns, would never end.
const STEPS_AT_ONCE: u32 = 100;

/// Every task keeps one random priority, and the highest that may runs. At a few random steps the task that would run becomes
/// the last of all. That is PCT (Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic
/// guarantees of finding bugs", ASPLOS 2010), but for two things. The number of changes is drawn for each run: none in four of seven runs, else from one to
/// `changes_max`, since with a fixed number bugs that need fewer are missed. And in most runs, tasks that began later tend to have a higher
/// priority: the opposite is what production order shows anyway.
///
/// It finds what needs a task to be kept back for long. The steps of the changes are drawn over the length of the run in the [`Survey`].
#[derive(Clone, Debug)]
pub struct Pct {
    draws: Draws,
    changes_max: u32,
    /// Whether tasks that began later tend to be higher.
    young_first: bool,
    /// The steps at which the task that would run becomes the last, the next one at the end.
    changes: Vec<u64>,
    step: u64,
    ready: RankedTasks,
    /// The rank of each task.
    ranks: PerTask<u64>,
    /// The rank of the task that is put last next: below all others.
    rank_next: u64,
    /// The latest instant, and how many steps there were at it since a task was put last.
    instant: (Instant, u32),
}

/// Where young tasks are first, by how much a task that begins later is higher, as a power of two. What is drawn for it is up to half as much again, so that neighbours change places.
const YOUNG_SHIFT: u32 = 30;

/// Ranks from here on are of tasks that were never put last.
const FIRST: u64 = 1 << 63;

impl Pct {
    /// The schedule of this seed with at most `changes_max` changes, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, changes_max: u32, survey: &Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:pct");
        let mut draws = Draws::new(seed, STREAM);
        let has_changes = changes_max > 0 && draws.says_yes(3, 7);
        let count = if has_changes { 1 + draws.below(u64::from(changes_max)) } else { 0 };
        let changes = draws.steps(count, survey.steps());
        let young_first = if has_changes { draws.says_yes(1, 2) } else { draws.says_yes(15, 16) };
        Pct {
            draws,
            changes_max,
            young_first,
            changes,
            step: 0,
            ready: RankedTasks::default(),
            ranks: PerTask::default(),
            rank_next: FIRST - 1,
            instant: (Instant::START, 0),
        }
    }

    /// The rank that a task begins with.
    fn first_rank(&self, lineage: u64, index: usize) -> u64 {
        const PRIORITY: u64 = hash_str("strategy:pct:priority");
        let drawn = self.draws.of(PRIORITY ^ lineage, 0);
        if !self.young_first {
            return FIRST | drawn;
        }
        let noise = (drawn >> (u64::BITS - YOUNG_SHIFT)) * 3 / 2;
        FIRST + ((index as u64) << YOUNG_SHIFT) + noise
    }

    #[inline]
    fn list_fresh(&mut self, ready: &Ready<'_>) {
        for id in ready.fresh() {
            let ReadyTask { task, lineage, .. } = ready.task(*id);
            let rank = match self.ranks.get(task) {
                Some(rank) => *rank,
                None => {
                    let rank = self.first_rank(lineage, task.index());
                    *self.ranks.entry(task, || rank)
                }
            };
            self.ready.add(Ranked::new(*id, rank));
        }
        self.ready.tidy(ready);
    }

    /// Puts the first that is ready behind all others, for the rest of the run.
    #[cold]
    fn put_first_last(&mut self, ready: &Ready<'_>) {
        while let Some(first) = self.ready.take_highest() {
            if !ready.is_ready(first.id()) {
                continue;
            }
            let rank = self.rank_next;
            self.rank_next -= 1;
            *self.ranks.at(first.id().index()) = rank;
            return self.ready.add(Ranked::new(first.id(), rank));
        }
    }

    /// Whether time stands still for so long that another task has to have a turn.
    fn stands_still(&mut self, now: Instant) -> bool {
        let steps = if self.instant.0 == now { self.instant.1 + 1 } else { 1 };
        let is_over = steps > STEPS_AT_ONCE;
        self.instant = (now, if is_over { 0 } else { steps });
        is_over
    }
}

impl Source for Pct {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.list_fresh(ready);
        if !ready.is_again() {
            while self.changes.pop_if(|step| *step <= self.step).is_some() {
                self.put_first_last(ready);
            }
            if self.stands_still(ready.now()) {
                self.put_first_last(ready);
            }
            self.step += 1;
        }
        self.ready.take_highest().map(Ranked::id)
    }

    fn describe(&self) -> String {
        format!("pct:changes={} seed={}", self.changes_max, self.draws.seed())
    }
}
