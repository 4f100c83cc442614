//! What one run in default order shows of a program, for strategies that need to know how long its runs are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sim_executor::{
    Access, Config, Domain, Fact, FactKinds, Key, Needs, Point, Report, Resource, Source, TaskId, Value,
};

use super::foresight::{Touch, add_touch};
use super::per_task::PerTask;

/// Of so many polls it is kept what they have touched.
const POLLS_MAX: usize = 100_000;

/// What a run showed in which every decision had its gentlest answer.
///
/// PCT spreads its changes over the length of a run, URW needs to know how often each task will still be polled, POS and SURW what
/// polls touch. All of that comes from this one run, and from nothing else: so a seed means the same in whatever sweep it is run.
///
/// ```
/// use sim_executor::{Config, Executor, Outcome, spawn, yield_now};
/// use sim_explorer::Survey;
///
/// let survey = Survey::of(Config::default(), |config, source| {
///     let mut executor = Executor::with_config(config, source);
///     executor.block_on(async {
///         let other = spawn(async { for _ in 0..10 { yield_now().await } });
///         for _ in 0..10 { yield_now().await }
///         other.await.unwrap();
///     }).unwrap();
///     executor.finish(Outcome::Done)
/// });
/// assert_eq!(survey.steps(), 20);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many times several tasks could have been polled.
    steps: u64,
    /// How many times each task was polled, by the hash of its lineage.
    polls: BTreeMap<u64, u64>,
    /// What polls have touched.
    touches: BTreeMap<Key, Vec<Touch>>,
    /// Resources at which polls of several tasks race.
    contended: Vec<Contended>,
}

/// A resource at which polls of several tasks race.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Contended {
    resource: Resource,
    /// How many pairs of polls race there, with those of the resources before it.
    pairs_up_to: u64,
    /// How many polls of each task touch it, by the hash of the lineage.
    polls: BTreeMap<u64, u64>,
}

impl Survey {
    /// Surveys a program by this function, which makes one run of it: with this configuration, but with statistics and
    /// without a trace.
    pub fn of(config: Config, run: impl FnOnce(Config, Box<dyn Source>) -> Report) -> Self {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let report = run(Config { stats: true, ..config }, Box::new(Surveyor(Rc::clone(&seen))));
        let polls = report.stats.iter().map(|task| (task.lineage_hash, task.polls)).collect();
        let Seen { steps, mut touches, mut by_resource, ends, .. } = seen.borrow_mut().take();
        // Who waits for a task's end and looks too early only waits: nothing comes of that order.
        by_resource.retain(|resource, _| !ends.contains(resource));
        touches.retain(|_, touched| {
            touched.retain(|(resource, _)| !ends.contains(resource));
            !touched.is_empty()
        });
        Survey { steps, polls, touches, contended: contended(by_resource) }
    }

    /// How many times several tasks could have been polled; at least one.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps.max(1)
    }

    /// A survey of which only this is known: how many times several tasks could have been polled, and how often each task was, by the hash of
    /// its lineage. Strategies that want to know what polls touch go by what they see.
    #[must_use]
    pub fn of_counts(steps: u64, polls: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Survey { steps, polls: polls.into_iter().collect(), ..Survey::default() }
    }

    /// How often each task was polled, by the hash of its lineage.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.polls.iter().map(|(lineage, polls)| (*lineage, *polls))
    }

    /// How often the task with this lineage is polled; at least once.
    pub(super) fn polls(&self, lineage: u64) -> u64 {
        self.polls.get(&lineage).copied().unwrap_or(1)
    }

    /// What the poll of that name has touched, if there was one that has touched something.
    pub(super) fn touches(&self, poll: Key) -> Option<&[Touch]> {
        if self.touches.is_empty() {
            return None;
        }
        self.touches.get(&poll).map(Vec::as_slice)
    }

    /// A resource at which polls of several tasks race, in proportion to how many pairs do, with how many polls of each task touch
    /// it. `draw_below` gives a number below its bound.
    pub(super) fn draw_contended(
        &self,
        draw_below: impl FnOnce(u64) -> u64,
    ) -> Option<(Resource, &BTreeMap<u64, u64>)> {
        let pairs = self.contended.last()?.pairs_up_to;
        let drawn = draw_below(pairs);
        let place = self.contended.partition_point(|contended| contended.pairs_up_to <= drawn);
        let contended = &self.contended[place];
        Some((contended.resource, &contended.polls))
    }
}

/// For each resource how many polls of each task read it, and how many write it.
type ByResource = BTreeMap<Resource, BTreeMap<u64, [u64; 2]>>;

fn contended(by_resource: ByResource) -> Vec<Contended> {
    let mut contended: Vec<Contended> = Vec::new();
    for (resource, tasks) in by_resource {
        let pairs = racing_pairs(&tasks);
        if pairs > 0 {
            let before = contended.last().map_or(0, |last| last.pairs_up_to);
            let polls =
                tasks.into_iter().map(|(lineage, [reads, writes])| (lineage, reads + writes)).collect();
            contended.push(Contended { resource, pairs_up_to: before.saturating_add(pairs), polls });
        }
    }
    contended
}

/// How many pairs of polls of different tasks race.
fn racing_pairs(tasks: &BTreeMap<u64, [u64; 2]>) -> u64 {
    let (mut reads_before, mut writes_before, mut pairs) = (0_u64, 0_u64, 0_u64);
    for [reads, writes] in tasks.values() {
        let with_writes = writes.saturating_mul(reads_before + writes_before);
        pairs = pairs.saturating_add(with_writes).saturating_add(reads.saturating_mul(writes_before));
        (reads_before, writes_before) = (reads_before + reads, writes_before + writes);
    }
    pairs
}

/// What the survey's run has shown so far.
#[derive(Debug, Default)]
struct Seen {
    steps: u64,
    lineages: PerTask<u64>,
    /// The poll that goes on, and what it has touched.
    poll: Option<(Key, TaskId)>,
    touched: Vec<Touch>,
    touches: BTreeMap<Key, Vec<Touch>>,
    by_resource: ByResource,
    /// Of tasks that were polled.
    ends: BTreeSet<Resource>,
}

impl Seen {
    fn see(&mut self, key: Key, task: TaskId, touch: Touch) {
        if self.poll != Some((key, task)) {
            self.end_poll();
            self.poll = Some((key, task));
        }
        add_touch(&mut self.touched, touch);
    }

    /// The poll that has touched something is over.
    fn end_poll(&mut self) {
        let Some((key, task)) = self.poll.take() else { return };
        let touched = std::mem::take(&mut self.touched);
        if self.touches.len() >= POLLS_MAX {
            return;
        }
        let lineage = self.lineages.get(task).copied().unwrap_or(0);
        for (resource, access) in &touched {
            let of_task = self.by_resource.entry(*resource).or_default().entry(lineage).or_default();
            of_task[usize::from(*access == Access::Write)] += 1;
        }
        self.touches.insert(key, touched);
    }

    fn take(&mut self) -> Seen {
        self.end_poll();
        std::mem::take(self)
    }
}

/// The source of the run that is surveyed: it answers nothing, so that every answer is the gentlest, and takes note.
#[derive(Clone, Debug)]
struct Surveyor(Rc<RefCell<Seen>>);

impl Source for Surveyor {
    fn needs(&self) -> Needs {
        Needs { facts: FactKinds::POLLS | FactKinds::ACCESSES, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        if let Domain::Among(_) = point.domain {
            self.0.borrow_mut().steps += 1;
        }
        None
    }

    fn observe(&mut self, fact: &Fact) {
        let mut seen = self.0.borrow_mut();
        match *fact {
            Fact::PollBegun { task, lineage, .. } => {
                *seen.lineages.entry(task, || lineage) = lineage;
                seen.ends.insert(Resource::end_of(task));
            }
            Fact::Accessed { task, key, resource, access } => seen.see(key, task, (resource, access)),
            _ => {}
        }
    }

    fn describe(&self) -> String {
        "survey".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_race_in_pairs_of_different_tasks_of_which_one_writes() {
        let pairs = |tasks: &[[u64; 2]]| {
            racing_pairs(&tasks.iter().enumerate().map(|(task, counts)| (task as u64, *counts)).collect())
        };
        assert_eq!(pairs(&[[0, 4]]), 0, "one task alone");
        assert_eq!(pairs(&[[3, 0], [5, 0]]), 0, "readers alone");
        assert_eq!(pairs(&[[3, 0], [0, 2]]), 6);
        assert_eq!(pairs(&[[1, 1], [2, 1]]), 1 + 2 + 1);
        assert_eq!(pairs(&[[0, 1], [0, 1], [0, 1]]), 3);
    }
}
