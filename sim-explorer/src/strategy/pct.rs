//! Probabilistic concurrency testing: fixed priorities with a few changes.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use sim_executor::{Candidate, Candidates, Eligibility, Instant, Point, Source, Value, hash_str};

use super::draws::{Draws, among};
use super::ready_tasks::pick;
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
    ready: BinaryHeap<Entry>,
    fresh: Vec<Candidate>,
    /// The rank of the tasks that were put last, by the hash of the lineage.
    last: BTreeMap<u64, u64>,
    /// The rank of the task that is put last next: below all others.
    rank_next: u64,
    /// The latest instant, and how many steps there were at it since a task was put last.
    instant: (Instant, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    rank: u64,
    lineage: u64,
    index: u32,
    stamp: u32,
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
            ready: BinaryHeap::new(),
            fresh: Vec::new(),
            last: BTreeMap::new(),
            rank_next: FIRST - 1,
            instant: (Instant::START, 0),
        }
    }

    fn rank(&self, lineage: u64, index: u32) -> u64 {
        const PRIORITY: u64 = hash_str("strategy:pct:priority");
        if let Some(put_last) = self.last.get(&lineage) {
            return *put_last;
        }
        let drawn = self.draws.of(PRIORITY ^ lineage, 0);
        if !self.young_first {
            return FIRST | drawn;
        }
        let noise = (drawn >> (u64::BITS - YOUNG_SHIFT)) * 3 / 2;
        FIRST + (u64::from(index) << YOUNG_SHIFT) + noise
    }

    fn list_fresh(&mut self, candidates: &dyn Candidates) {
        candidates.take_fresh(&mut self.fresh);
        let fresh = std::mem::take(&mut self.fresh);
        for Candidate { task, lineage, stamp, .. } in &fresh {
            let index = task.index() as u32;
            let rank = self.rank(*lineage, index);
            self.ready.push(Entry { rank, lineage: *lineage, index, stamp: *stamp });
        }
        self.fresh = fresh;
        self.fresh.clear();
    }

    fn take_highest(&mut self, candidates: &dyn Candidates) -> Option<(Entry, Candidate)> {
        let mut held = Vec::new();
        let mut found = None;
        while let Some(entry) = self.ready.pop() {
            match candidates.eligibility(entry.index, entry.stamp) {
                Eligibility::Ready(task) => {
                    found = Some((entry, task));
                    break;
                }
                Eligibility::Held => held.push(entry),
                Eligibility::Gone => {}
            }
        }
        self.ready.extend(held);
        found
    }

    /// Puts the task behind all others, for the rest of the run.
    fn put_last(&mut self, entry: Entry) {
        let rank = self.rank_next;
        self.rank_next -= 1;
        self.last.insert(entry.lineage, rank);
        self.ready.push(Entry { rank, ..entry });
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
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        self.list_fresh(candidates);
        let (mut entry, mut task) = self.take_highest(candidates)?;
        while self.changes.pop_if(|step| *step <= self.step).is_some() {
            self.put_last(entry);
            (entry, task) = self.take_highest(candidates)?;
        }
        if self.stands_still(point.now) {
            self.put_last(entry);
            (_, task) = self.take_highest(candidates)?;
        }
        self.step += 1;
        Some(pick(&task))
    }

    fn describe(&self) -> String {
        format!("pct:changes={} seed={}", self.changes_max, self.draws.seed())
    }
}
