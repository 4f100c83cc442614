//! Partial order sampling: random priorities, drawn again where polls race.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_executor::{
    Access, Fact, FactKinds, Key, Needs, Order, Point, Ready, ReadyId, ReadyTask, Resource, Source, Value,
    hash_str,
};

use super::draws::{Draws, among};
use super::foresight::{Foresight, Touch, add_touch};
use super::ranked::{Ranked, RankedTasks};
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
    foresight: Foresight,
    /// The present priority of each ready task, by its index.
    priorities: Vec<Priority>,
    /// Ready tasks by what their next polls will touch. What was polled since is dropped when it is come across.
    pending: BTreeMap<Resource, Vec<Pending>>,
    /// The poll that was picked last, and what it has touched. Where no other could have been polled, none was pending.
    chosen: Option<Key>,
    touched: Vec<Touch>,
}

/// The present rank of a ready task, and the name of its next poll.
#[derive(Clone, Copy, Debug)]
struct Priority {
    rank: u64,
    poll: Key,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    id: ReadyId,
    access: Access,
}

impl Pos {
    /// The schedule of this seed, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, survey: Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:pos");
        Pos {
            draws: Draws::new(seed, STREAM),
            ready: RankedTasks::default(),
            foresight: Foresight::new(survey),
            priorities: Vec::new(),
            pending: BTreeMap::new(),
            chosen: None,
            touched: Vec::new(),
        }
    }

    /// Gives new priorities to the pending polls that race with what was touched.
    #[cold]
    fn draw_again(&mut self, ready: &Ready<'_>) {
        let mut racing: Vec<ReadyId> = Vec::new();
        for (resource, access) in self.touched.drain(..) {
            let Some(pending) = self.pending.get_mut(&resource) else { continue };
            pending.retain(|pending| ready.is_ready(pending.id));
            let races = pending.iter().filter(|pending| pending.access.races_with(access));
            racing.extend(races.map(|pending| pending.id));
        }
        // Whoever races twice is drawn once.
        racing.sort_unstable();
        racing.dedup();
        for id in racing {
            let rank = self.draws.next();
            self.priorities[id.index()].rank = rank;
            self.ready.add(Ranked::new(id, rank));
        }
    }

    #[inline]
    fn list_fresh(&mut self, ready: &Ready<'_>) {
        for id in ready.fresh() {
            let ReadyTask { task, key, .. } = ready.task(*id);
            let rank = self.draws.of(key.stream, key.ordinal);
            if self.priorities.len() <= id.index() {
                self.priorities.resize(id.index() + 1, Priority { rank: 0, poll: key });
            }
            self.priorities[id.index()] = Priority { rank, poll: key };
            for (resource, access) in self.foresight.of(task, key) {
                let pending = Pending { id: *id, access: *access };
                self.pending.entry(*resource).or_default().push(pending);
            }
            self.ready.add(Ranked::new(*id, rank));
        }
        self.ready.tidy(ready);
    }
}

impl Source for Pos {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, facts: FactKinds::ACCESSES, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        if !self.touched.is_empty() {
            self.draw_again(ready);
        }
        self.list_fresh(ready);
        loop {
            let first = self.ready.take_highest()?;
            let id = first.id();
            // Another priority may have been drawn since.
            let Priority { rank, poll } = self.priorities[id.index()];
            if rank == first.rank() {
                self.chosen = Some(poll);
                return Some(id);
            }
        }
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
