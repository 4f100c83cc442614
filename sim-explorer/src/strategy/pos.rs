//! Partial order sampling: random priorities, drawn again where polls race.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_executor::{
    Candidate, Candidates, Fact, FactKinds, Key, Needs, Point, Resource, Source, Value, hash_str,
};

use super::draws::{Draws, among};
use super::foresight::{Foresight, Touch, add_touch};
use super::per_task::PerTask;
use super::ranked::{Ranked, RankedTasks};
use super::ready_tasks::pick;
use super::survey::Survey;

/// Each time that a task becomes ready its next poll gets a random priority, and the highest is polled; after a poll, those that
/// are pending and *race* with it (they touch the same resource, and one of both writes) get new priorities. That is POS (Yuan, Yang and Gu,
/// "Partial order aware concurrency sampling", CAV 2018).
///
/// Without the second half it is what [`KeyedRandom`](sim_executor::KeyedRandom) does, and in a program that touches nothing that the
/// simulator knows of it is the same, seed by seed. There, a poll that has lost against another once is likely to have a low
/// priority, and to lose against the next one as well. With it, who comes first at a resource is as open each time.
///
/// What a poll will touch is known from the task itself, from the [`Survey`], or from the task's last poll at the same operation.
#[derive(Clone, Debug)]
pub struct Pos {
    draws: Draws,
    ready: RankedTasks,
    fresh: Vec<Candidate>,
    foresight: Foresight,
    /// The present priority of each ready task.
    priorities: PerTask<u64>,
    /// Ready tasks by what their next polls will touch. What was polled since is dropped when it is come across.
    pending: BTreeMap<Resource, Vec<Pending>>,
    /// The poll that was chosen last, and what it has touched. Where no other could have been polled, none was pending.
    chosen: Option<Key>,
    touched: Vec<Touch>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    entry: Ranked,
    touch: Touch,
}

impl Pos {
    /// The schedule of this seed, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, survey: Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:pos");
        Pos {
            draws: Draws::new(seed, STREAM),
            ready: RankedTasks::default(),
            fresh: Vec::new(),
            foresight: Foresight::new(survey),
            priorities: PerTask::default(),
            pending: BTreeMap::new(),
            chosen: None,
            touched: Vec::new(),
        }
    }

    /// Gives new priorities to the pending polls that race with what was touched.
    fn draw_again(&mut self, candidates: &dyn Candidates) {
        let mut racing: Vec<Ranked> = Vec::new();
        for (resource, access) in self.touched.drain(..) {
            let Some(pending) = self.pending.get_mut(&resource) else { continue };
            pending.retain(|pending| {
                !matches!(
                    candidates.eligibility(pending.entry.index, pending.entry.stamp),
                    sim_executor::Eligibility::Gone
                )
            });
            let races = pending.iter().filter(|pending| pending.touch.1.races_with(access));
            racing.extend(races.map(|pending| pending.entry));
        }
        // Whoever races twice is drawn once.
        racing.sort_unstable_by_key(|entry| entry.stamp);
        racing.dedup_by_key(|entry| entry.stamp);
        for entry in racing {
            if let sim_executor::Eligibility::Ready(task) = candidates.eligibility(entry.index, entry.stamp) {
                let rank = self.draws.next();
                *self.priorities.entry(task.task, || rank) = rank;
                self.ready.add(Ranked { rank, ..entry });
            }
        }
    }

    fn list_fresh(&mut self, candidates: &dyn Candidates) {
        candidates.take_fresh(&mut self.fresh);
        let mut fresh = std::mem::take(&mut self.fresh);
        for task in fresh.drain(..) {
            let Key { stream, ordinal } = task.key;
            let rank = self.draws.of(stream, ordinal);
            *self.priorities.entry(task.task, || rank) = rank;
            let entry = Ranked::new(&task, rank);
            for touch in self.foresight.of(&task) {
                self.pending.entry(touch.0).or_default().push(Pending { entry, touch: *touch });
            }
            self.ready.add(entry);
        }
        self.fresh = fresh;
    }
}

impl Source for Pos {
    fn needs(&self) -> Needs {
        Needs { facts: FactKinds::ACCESSES, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        if !self.touched.is_empty() {
            self.draw_again(candidates);
        }
        self.list_fresh(candidates);
        let priorities = &self.priorities;
        let is_present = |entry: &Ranked, task: &Candidate| priorities.get(task.task) == Some(&entry.rank);
        let (_, task) = self.ready.take_highest(candidates, is_present)?;
        self.chosen = Some(task.key);
        Some(pick(&task))
    }

    fn observe(&mut self, fact: &Fact) {
        self.foresight.observe(fact);
        if let Fact::Accessed { key, resource, access, .. } = *fact
            && self.chosen == Some(key)
        {
            add_touch(&mut self.touched, (resource, access));
        }
    }

    fn describe(&self) -> String {
        format!("pos seed={}", self.draws.seed())
    }
}
