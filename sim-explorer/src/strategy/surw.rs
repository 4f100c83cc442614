//! A random walk that is uniform over the interleavings of a few chosen polls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sim_executor::{
    Fact, FactKinds, Instant, Key, Needs, Order, Point, Ready, ReadyId, ReadyTask, Resource, Source, TaskId,
    Value, hash_str,
};

use super::draws::{Draws, among};
use super::foresight::Foresight;
use super::per_task::PerTask;
use super::ready_tasks::most_listed;
use super::survey::Survey;

/// A chosen task that has not moved after so many steps at one instant of virtual time, and two for each that is ready, waits for another
/// one by yielding: another is chosen.
const STEPS_AT_ONCE: u64 = 100;

/// How often a place is drawn again since the task there has to wait, before all are looked at.
const DRAWS_MAX: usize = 8;

/// Only some polls are *interesting*: those that touch one resource, which is chosen for the run. A task is chosen with a probability in
/// proportion to how many interesting polls it still has before it. Until it has made one, the interesting polls of all others
/// wait, and what is not interesting is polled at random. That is SURW (Zhao, Wolff, Mathur and Roychoudhury, "Selectively uniform
/// concurrency testing", ASPLOS 2025). When the numbers are right, each order of the interesting polls is equally probable, however
/// many others there are.
///
/// The numbers are those of the [`Survey`], a run in default order. The more pairs of polls race at a resource there, the more
/// probable it is to be chosen. Where a program touches nothing that the simulator knows of, the interesting polls are all
/// those of two or three tasks, which are drawn.
#[derive(Clone, Debug)]
pub struct Surw {
    draws: Draws,
    foresight: Foresight,
    interest: Interest,
    listed: Vec<Listed>,
    /// How many interesting polls the tasks that have some still have before them, by the hash of the lineage.
    left: BTreeMap<u64, u64>,
    lineages: PerTask<u64>,
    /// The task that is to move next, with the instant at which that was drawn, and how many steps there were at it.
    intended: Option<(u64, Instant, u32)>,
    /// Whether all interesting polls were made that were expected: none is waited for any more.
    is_over: bool,
    /// The last interesting poll.
    counted: Option<Key>,
}

/// Which polls are interesting.
#[derive(Clone, Debug)]
enum Interest {
    /// Those that touch it.
    Resource(Resource),
    /// Those of these tasks.
    Tasks(BTreeSet<u64>),
}

/// A ready task with the hash of its lineage if its next poll is interesting, as far as that is known; else with none.
#[derive(Clone, Copy, Debug)]
struct Listed {
    id: ReadyId,
    interesting: Option<u64>,
}

impl Surw {
    /// The walk of this seed, for a program of which this is known.
    #[must_use]
    pub fn new(seed: u64, survey: &Arc<Survey>) -> Self {
        const STREAM: u64 = hash_str("strategy:surw");
        let mut draws = Draws::new(seed, STREAM);
        let (interest, left) = match survey.draw_contended(|bound| draws.below(bound)) {
            Some((resource, polls)) => (Interest::Resource(resource), polls.clone()),
            None => {
                let left = some_tasks(survey, &mut draws);
                (Interest::Tasks(left.keys().copied().collect()), left)
            }
        };
        Surw {
            draws,
            foresight: Foresight::new(Arc::clone(survey)),
            interest,
            listed: Vec::new(),
            left,
            lineages: PerTask::default(),
            intended: None,
            is_over: false,
            counted: None,
        }
    }

    fn is_interesting(&self, task: &ReadyTask) -> bool {
        match &self.interest {
            Interest::Resource(wanted) => {
                self.foresight.of(task.task, task.key).iter().any(|(resource, _)| resource == wanted)
            }
            Interest::Tasks(tasks) => tasks.contains(&task.lineage),
        }
    }

    #[inline]
    fn list_fresh(&mut self, ready: &Ready<'_>) {
        for id in ready.fresh() {
            if self.is_over {
                self.listed.push(Listed { id: *id, interesting: None });
                continue;
            }
            let task = ready.task(*id);
            if let Interest::Resource(_) = self.interest {
                self.lineages.entry(task.task, || task.lineage);
            }
            let interesting = self.is_interesting(&task).then_some(task.lineage);
            self.listed.push(Listed { id: *id, interesting });
        }
        if self.listed.len() > most_listed(ready) {
            self.listed.retain(|listed| ready.is_ready(listed.id));
        }
    }

    /// An interesting poll of a task was made, or is.
    fn count(&mut self, lineage: u64) {
        if let Some(left) = self.left.get_mut(&lineage) {
            *left = left.saturating_sub(1);
        }
        if self.intended.is_some_and(|(intended, ..)| intended == lineage) {
            self.intended = None;
        }
    }

    /// Draws the task that is to move next, among those that still have interesting polls before them.
    fn intend(&mut self, now: Instant) {
        let total = self.left.values().sum();
        if total == 0 {
            self.is_over = true;
            return;
        }
        let mut drawn = self.draws.below(total);
        for (lineage, left) in &self.left {
            if drawn < *left {
                self.intended = Some((*lineage, now, 0));
                return;
            }
            drawn -= left;
        }
    }

    /// Whether the poll of this task has to wait for that of another.
    fn has_to_wait(&self, listed: Listed) -> bool {
        listed
            .interesting
            .is_some_and(|lineage| self.intended.is_some_and(|(intended, ..)| intended != lineage))
    }

    /// One of the tasks that need not wait, all equally probable.
    #[inline]
    fn draw(&mut self) -> Option<Listed> {
        for _ in 0..DRAWS_MAX.min(self.listed.len()) {
            let place = self.draws.below(self.listed.len() as u64) as usize;
            if !self.has_to_wait(self.listed[place]) {
                return Some(self.listed.swap_remove(place));
            }
        }
        self.draw_after_a_look()
    }

    #[cold]
    fn draw_after_a_look(&mut self) -> Option<Listed> {
        let places: Vec<usize> =
            (0..self.listed.len()).filter(|place| !self.has_to_wait(self.listed[*place])).collect();
        let drawn = *places.get(self.draws.below(places.len().max(1) as u64) as usize)?;
        Some(self.listed.swap_remove(drawn))
    }

    /// All that could go on waits for a task that cannot: draws another of those that are ready.
    #[cold]
    fn intend_a_ready_one(&mut self, ready: &Ready<'_>) {
        let mut among: Vec<(u64, u64)> = Vec::new();
        let mut total = 0;
        for listed in self.listed.iter().filter(|listed| ready.is_ready(listed.id)) {
            let Some(lineage) = listed.interesting else { continue };
            total += self.left.get(&lineage).copied().unwrap_or(0).max(1);
            among.push((total, lineage));
        }
        if total > 0 {
            let drawn = self.draws.below(total);
            let (_, lineage) = among[among.partition_point(|(up_to, _)| *up_to <= drawn)];
            self.intended = Some((lineage, ready.now(), 0));
        }
    }

    /// Whether the chosen task has not moved for so long that another has to have its turn.
    #[inline]
    fn is_stuck(&mut self, ready: &Ready<'_>) -> bool {
        let Some((_, since, steps)) = &mut self.intended else { return false };
        *steps = if *since == ready.now() { *steps + 1 } else { 1 };
        *since = ready.now();
        u64::from(*steps) > STEPS_AT_ONCE + 2 * ready.count() as u64
    }
}

/// Two or three tasks, with how often they are polled.
fn some_tasks(survey: &Survey, draws: &mut Draws) -> BTreeMap<u64, u64> {
    let mut tasks: Vec<(u64, u64)> = survey.counts().collect();
    let count = 2 + draws.below(2) as usize;
    let mut chosen = BTreeMap::new();
    while chosen.len() < count && !tasks.is_empty() {
        let (lineage, polls) = tasks.swap_remove(draws.below(tasks.len() as u64) as usize);
        chosen.insert(lineage, polls);
    }
    chosen
}

impl Source for Surw {
    fn needs(&self) -> Needs {
        let facts = match self.interest {
            Interest::Resource(_) => FactKinds::ACCESSES,
            Interest::Tasks(_) => FactKinds::NONE,
        };
        Needs { order: Order::Picked, facts, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        candidates.pick_by(self)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.list_fresh(ready);
        if self.intended.is_none() && !self.is_over {
            self.intend(ready.now());
        }
        if !ready.is_again() && self.is_stuck(ready) {
            self.intend_a_ready_one(ready);
        }
        let mut drawn = self.draw();
        if drawn.is_none() {
            self.intend_a_ready_one(ready);
            drawn = self.draw();
        }
        let Listed { id, interesting } = drawn?;
        if let Interest::Tasks(_) = self.interest
            && let Some(lineage) = interesting
            && ready.is_ready(id)
        {
            self.count(lineage);
        }
        Some(id)
    }

    fn observe(&mut self, fact: &Fact) {
        self.foresight.observe(fact);
        let Fact::Accessed { task, key, resource, .. } = *fact else { return };
        if !matches!(self.interest, Interest::Resource(wanted) if wanted == resource) {
            return;
        }
        // Of what a poll touches, the first counts.
        if self.counted.replace(key) != Some(key)
            && let Some(lineage) = self.lineage(task)
        {
            self.count(lineage);
        }
    }

    fn describe(&self) -> String {
        format!("surw seed={}", self.draws.seed())
    }
}

impl Surw {
    /// The lineage of a task that was among those to choose from.
    fn lineage(&self, task: TaskId) -> Option<u64> {
        self.lineages.get(task).copied()
    }
}
