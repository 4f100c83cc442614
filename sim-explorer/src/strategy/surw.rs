//! A random walk that is uniform over the interleavings of a few chosen polls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sim_executor::{
    Candidate, Candidates, Eligibility, Fact, FactKinds, Instant, Key, Needs, Point, Resource, Source,
    TaskId, Value, hash_str,
};

use super::draws::{Draws, among};
use super::foresight::Foresight;
use super::per_task::PerTask;
use super::ready_tasks::pick;
use super::survey::Survey;

/// A chosen task that has not moved after so many steps at one instant of virtual time waits for another one by yielding: another is
/// chosen.
const STEPS_AT_ONCE: u32 = 100;

/// How often a place is drawn again since the task there may not be polled now, before all are looked at.
const DRAWS_MAX: u32 = 8;

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
    fresh: Vec<Candidate>,
    /// How many interesting polls the tasks that have some still have before them, by the hash of the lineage.
    left: BTreeMap<u64, u64>,
    lineages: PerTask<u64>,
    /// The task that is to move next, with the instant at which that was drawn, and how many steps there were at it.
    intended: Option<(u64, Instant, u32)>,
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

/// A ready task, and whether its next poll is interesting as far as that is known.
#[derive(Clone, Copy, Debug)]
struct Listed {
    task: Candidate,
    is_interesting: bool,
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
            fresh: Vec::new(),
            left,
            lineages: PerTask::default(),
            intended: None,
            counted: None,
        }
    }

    fn is_interesting(&self, task: &Candidate) -> bool {
        match &self.interest {
            Interest::Resource(wanted) => {
                self.foresight.of(task).iter().any(|(resource, _)| resource == wanted)
            }
            Interest::Tasks(tasks) => tasks.contains(&task.lineage),
        }
    }

    fn list_fresh(&mut self, candidates: &dyn Candidates) {
        candidates.take_fresh(&mut self.fresh);
        let mut fresh = std::mem::take(&mut self.fresh);
        for task in fresh.drain(..) {
            self.lineages.entry(task.task, || task.lineage);
            let is_interesting = self.is_interesting(&task);
            self.listed.push(Listed { task, is_interesting });
        }
        self.fresh = fresh;
        if self.listed.len() > 2 * candidates.count() + 64 {
            self.listed.retain(|listed| eligibility(candidates, &listed.task) != Eligibility::Gone);
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
    fn has_to_wait(&self, listed: &Listed) -> bool {
        listed.is_interesting && self.intended.is_some_and(|(intended, ..)| intended != listed.task.lineage)
    }

    /// One of the tasks that may be polled and need not wait, all equally probable.
    fn draw(&mut self, candidates: &dyn Candidates) -> Option<Listed> {
        let mut draws = 0;
        while draws < DRAWS_MAX && !self.listed.is_empty() {
            let place = self.draws.below(self.listed.len() as u64) as usize;
            match eligibility(candidates, &self.listed[place].task) {
                Eligibility::Ready(_) if !self.has_to_wait(&self.listed[place]) => {
                    return Some(self.listed.swap_remove(place));
                }
                Eligibility::Gone => drop(self.listed.swap_remove(place)),
                Eligibility::Ready(_) | Eligibility::Held => draws += 1,
            }
        }
        let may_go = |listed: &Listed| may_be_polled(candidates, listed) && !self.has_to_wait(listed);
        let places: Vec<usize> =
            (0..self.listed.len()).filter(|place| may_go(&self.listed[*place])).collect();
        let drawn = *places.get(self.draws.below(places.len().max(1) as u64) as usize)?;
        Some(self.listed.swap_remove(drawn))
    }

    /// All that could go on waits for a task that cannot: draws another of those that are ready.
    #[cold]
    fn intend_a_ready_one(&mut self, candidates: &dyn Candidates, now: Instant) {
        let mut ready: Vec<(u64, u64)> = Vec::new();
        let mut total = 0;
        for listed in self.listed.iter().filter(|listed| may_be_polled(candidates, listed)) {
            total += self.left.get(&listed.task.lineage).copied().unwrap_or(0).max(1);
            ready.push((total, listed.task.lineage));
        }
        if total > 0 {
            let drawn = self.draws.below(total);
            let (_, lineage) = ready[ready.partition_point(|(up_to, _)| *up_to <= drawn)];
            self.intended = Some((lineage, now, 0));
        }
    }

    /// Whether the chosen task has not moved for so long that another has to have its turn.
    fn is_stuck(&mut self, now: Instant) -> bool {
        let Some((_, since, steps)) = &mut self.intended else { return false };
        *steps = if *since == now { *steps + 1 } else { 1 };
        *since = now;
        *steps > STEPS_AT_ONCE
    }
}

fn eligibility(candidates: &dyn Candidates, task: &Candidate) -> Eligibility {
    candidates.eligibility(task.task.index() as u32, task.stamp)
}

fn may_be_polled(candidates: &dyn Candidates, listed: &Listed) -> bool {
    matches!(eligibility(candidates, &listed.task), Eligibility::Ready(_))
}

/// Two or three tasks, with how often they are polled.
fn some_tasks(survey: &Survey, draws: &mut Draws) -> BTreeMap<u64, u64> {
    let mut tasks: Vec<(u64, u64)> = survey.tasks().collect();
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
        Needs { facts, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Some(candidates) = among(&point.domain) else { return self.draws.value(point) };
        self.list_fresh(candidates);
        if self.intended.is_none() {
            self.intend(point.now);
        }
        if self.is_stuck(point.now) {
            self.intend_a_ready_one(candidates, point.now);
        }
        let mut drawn = self.draw(candidates);
        if drawn.is_none() {
            self.intend_a_ready_one(candidates, point.now);
            drawn = self.draw(candidates);
        }
        let Listed { task, .. } = drawn?;
        if let Interest::Tasks(_) = self.interest {
            self.count(task.lineage);
        }
        Some(pick(&task))
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
