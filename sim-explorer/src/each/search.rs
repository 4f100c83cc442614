//! The runs of a deviation-bounded search, in the order in which they are made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::deviant::{Deviant, Deviated, Fork};
use super::deviation::{Alternative, DeviantStep};
use super::run::DeviantRun;
use super::{Deviation, Each};
use crate::shard::Shard;

/// The runs of a deviation-bounded search, one after the other, and what they have shown.
///
/// What is to be made depends on what was made: so each run that [`Search::next`] gives is told back by [`Search::tell`]. Several may
/// be under way at a time, and may be told in any order: the search goes the same way, as if they had been made in turn.
///
/// ```
/// use sim_executor::{Executor, Outcome, choose};
/// use sim_explorer::{Each, End, Next, Search};
///
/// let mut search = Search::new(Each::default());
/// while let Next::Run(wanted) = search.next() {
///     let source = search.source(&wanted);
///     let deviated = source.deviated();
///     let mut executor = Executor::new(source);
///     let drawn = executor.block_on(async { choose(7) }).unwrap();
///     let report = executor.finish(Outcome::Done);
///     search.tell(&wanted, &deviated, report.hash, drawn == 6);
/// }
/// let Some(End::Failed { run }) = search.end() else { panic!("six is an extreme") };
/// assert_eq!(run.to_string(), "each:run=0.0");
/// ```
#[derive(Clone, Debug)]
pub struct Search {
    each: Each,
    shard: Shard,
    /// How many deviations the runs have that are made now.
    depth: u32,
    /// Behind which runs those of this depth deviate; of these the first is under way.
    parents: VecDeque<Parent>,
    /// Where in the first of them.
    cursor: Cursor,
    /// Those of the next depth.
    children: VecDeque<Parent>,
    /// How many runs of the next depth there are behind them at most.
    behind_children: u64,
    /// How many of this depth there are at most, and of those before.
    up_to_here: u64,
    /// The runs that were made, by their hashes; where tasks tell what they touch, by what equal ones have in common.
    seen: BTreeSet<u64>,
    /// Whether tasks tell what they touch. It is looked at in the run without deviations.
    looks: bool,
    made: u64,
    equal: u64,
    expanded: Expanded,
    /// How many decisions with other answers are kept for later.
    forks_kept: usize,
    /// How many may be.
    forks_kept_max: usize,
    given: u64,
    told: u64,
    /// What was told before its turn.
    early: BTreeMap<u64, Made>,
    /// Whether a run more was due than may be made.
    is_over: bool,
    end: Option<End>,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// No run with so many deviations fails, nor one with fewer.
    Exhausted {
        /// How many.
        depth: u32,
    },
    /// This run fails, and none with fewer deviations.
    Failed {
        /// The run.
        run: DeviantRun,
    },
    /// As many runs were made as may be.
    CutOff {
        /// How many deviations the last run had. One less is exhausted.
        depth: u32,
        /// How many runs were made, equal ones too.
        made: u64,
        /// How many it would have been at most with up to so many deviations.
        of: u64,
    },
}

impl End {
    /// What it means after so many different runs: `exhausted: 1312 runs, no single deviation from the default order breaks it`.
    #[must_use]
    pub fn text(&self, runs: u64) -> String {
        match self {
            End::Exhausted { depth: 0 } => {
                format!("exhausted: {runs} runs, the default order does not break it")
            }
            End::Exhausted { depth: 1 } => {
                format!("exhausted: {runs} runs, no single deviation from the default order breaks it")
            }
            End::Exhausted { depth: u32::MAX } => {
                format!("exhausted: {runs} runs, no deviations from the default order break it, however many")
            }
            End::Exhausted { depth } => {
                format!("exhausted: {runs} runs, no {depth} deviations from the default order break it")
            }
            End::CutOff { depth, made, of } => {
                format!("cut off after {made} of {of} runs, among those with {depth} deviations")
            }
            End::Failed { run } => format!("failed in run {runs}: {run}"),
        }
    }
}

/// What a search wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This run.
    Run(Wanted),
    /// Nothing, until a run is told that is under way.
    Wait,
    /// Nothing more: see [`Search::end`].
    Nothing,
}

/// A run that a search wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The run.
    pub run: DeviantRun,
    /// Whether it does not count: it was made before, or another shard counts it, and is made again only to see where runs can deviate behind it.
    pub is_again: bool,
    number: u64,
}

/// A run behind which others deviate.
#[derive(Clone, Debug)]
struct Parent {
    run: DeviantRun,
    /// Where; `None` if that was too much to be kept.
    forks: Option<Vec<Fork>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    fork: usize,
    answer: u32,
    /// How many runs behind the run without deviations were come to.
    first_steps: u64,
    /// Whether the parent is made again now.
    is_waiting: bool,
}

/// What a run showed.
#[derive(Clone, Debug)]
struct Made {
    wanted: Wanted,
    hash: u64,
    /// What equal runs have in common.
    counts_as: u64,
    is_failure: bool,
    postponed: Vec<u64>,
    forks: Vec<Fork>,
}

/// The runs behind which other runs are tried.
#[derive(Clone, Debug, Default)]
struct Expanded {
    /// By its hash and where tasks were postponed, for these may still wait: behind which decision.
    runs: BTreeMap<(u64, Vec<u64>), u64>,
}

impl Expanded {
    /// Whether something is to be tried behind this run: no equal one was there that deviates last at the same decision, or before.
    fn insert(&mut self, hash: u64, postponed: Vec<u64>, run: &DeviantRun) -> bool {
        let behind = run.steps.last().map_or(0, |step| step.at + 1);
        let before = self.runs.entry((hash, postponed)).or_insert(u64::MAX);
        let is_new = behind < *before;
        *before = behind.min(*before);
        is_new
    }
}

/// So many decisions with other answers are kept, of all runs together: 16 MiB.
const FORKS_KEPT_MAX: usize = 1 << 20;

impl Search {
    /// All runs of this search.
    #[must_use]
    pub fn new(each: Each) -> Self {
        Search::of_shard(each, Shard::WHOLE)
    }

    /// One share of them. Each run that deviates belongs to the share of its first deviation, so that the shares are disjoint and
    /// together the whole; runs that turn out equal in two shares are counted by both. The run that does not deviate is the first's.
    #[must_use]
    pub fn of_shard(each: Each, shard: Shard) -> Self {
        Search {
            each,
            shard,
            depth: 0,
            parents: VecDeque::new(),
            cursor: Cursor::default(),
            children: VecDeque::new(),
            behind_children: 0,
            up_to_here: 0,
            seen: BTreeSet::new(),
            looks: true,
            made: 0,
            equal: 0,
            expanded: Expanded::default(),
            forks_kept: 0,
            forks_kept_max: FORKS_KEPT_MAX,
            given: 0,
            told: 0,
            early: BTreeMap::new(),
            is_over: false,
            end: None,
        }
    }

    /// How many different runs were made.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.seen.len() as u64
    }

    /// How many runs turned out equal to another one, or equal but for the order of polls that touch nothing in common.
    #[must_use]
    pub fn equal(&self) -> u64 {
        self.equal
    }

    /// The greatest number of deviations with which no run fails, nor one with fewer, so far as it is known; `None` if the run without any
    /// was not made.
    #[must_use]
    pub fn exhausted(&self) -> Option<u32> {
        match &self.end {
            Some(End::Exhausted { depth }) => Some(*depth),
            _ => self.depth.checked_sub(1),
        }
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What a run is to be made with, so that it can be told.
    #[must_use]
    pub fn source(&self, wanted: &Wanted) -> Deviant {
        Deviant::noting(wanted.run.clone(), self.each.kinds, self.looks)
    }

    /// What is to be made next.
    #[expect(clippy::should_implement_trait, reason = "an iterator has nothing to wait for")]
    pub fn next(&mut self) -> Next {
        loop {
            if self.end.is_some() {
                return Next::Nothing;
            }
            if self.given == 0 {
                let is_again = !self.shard.is_first();
                self.up_to_here = u64::from(!is_again);
                let run = DeviantRun { faults: self.each.kinds.faults, ..DeviantRun::default() };
                return self.give(run, is_again);
            }
            if !self.is_over
                && let Some(run) = self.next_of_level()
            {
                if self.made < self.each.runs_max {
                    return self.give(run, false);
                }
                self.is_over = true;
            }
            if self.given > self.told {
                return Next::Wait;
            }
            if self.is_over {
                self.cut_off();
            } else if self.cursor.is_waiting {
                let run = self.parents.front().map(|parent| parent.run.clone()).unwrap_or_default();
                return self.give(run, true);
            } else {
                self.next_level();
            }
        }
    }

    /// Ends the search here, as when its bound is reached, unless it has ended. What is told later does not count.
    pub fn cut_off(&mut self) {
        let here = || End::CutOff { depth: self.depth, made: self.made, of: self.up_to_here };
        self.end = Some(self.end.take().unwrap_or_else(here));
    }

    fn give(&mut self, run: DeviantRun, is_again: bool) -> Next {
        let number = self.given;
        self.given += 1;
        self.made += u64::from(!is_again);
        Next::Run(Wanted { run, is_again, number })
    }

    /// The next run of this depth; `None` if there is none, or the forks of its parent are to be seen first.
    fn next_of_level(&mut self) -> Option<DeviantRun> {
        loop {
            let parent = self.parents.front()?;
            let Some(forks) = &parent.forks else {
                self.cursor.is_waiting = true;
                return None;
            };
            let Some(fork) = forks.get(self.cursor.fork) else {
                self.forks_kept = self.forks_kept.saturating_sub(forks.len());
                self.parents.pop_front();
                self.cursor = Cursor::default();
                continue;
            };
            let step = DeviantStep { at: fork.at, nth: self.cursor.answer };
            self.cursor.answer += 1;
            if self.cursor.answer >= fork.answers {
                (self.cursor.fork, self.cursor.answer) = (self.cursor.fork + 1, 0);
            }
            if parent.run.steps.is_empty() {
                self.cursor.first_steps += 1;
                if !self.shard.has(self.cursor.first_steps - 1) {
                    continue;
                }
            }
            let mut run = parent.run.clone();
            run.steps.push(step);
            return Some(run);
        }
    }

    fn next_level(&mut self) {
        if self.depth == self.each.depth_max || self.children.is_empty() {
            self.end = Some(End::Exhausted { depth: self.each.depth_max });
            return;
        }
        self.depth += 1;
        self.up_to_here += std::mem::take(&mut self.behind_children);
        (self.parents, self.cursor) = (std::mem::take(&mut self.children), Cursor::default());
    }

    /// What became of a run: its hash, and whether it failed.
    pub fn tell(&mut self, wanted: &Wanted, deviated: &Deviated, hash: u64, is_failure: bool) {
        let is_postponed = |deviation: &Deviation| deviation.answer == Alternative::Postpone;
        let made = deviated.deviations();
        let postponed = made.iter().filter(|made| is_postponed(made)).map(|made| made.step.at).collect();
        let forks = deviated.forks().to_vec();
        let equivalence = deviated.equivalence();
        if wanted.run.steps.is_empty() {
            self.looks = equivalence.is_some();
        }
        let counts_as = equivalence.unwrap_or(hash);
        let made = Made { wanted: wanted.clone(), hash, counts_as, is_failure, postponed, forks };
        self.early.insert(wanted.number, made);
        while let Some(made) = self.early.remove(&self.told) {
            self.told += 1;
            if self.end.is_none() {
                self.add(made);
            }
        }
    }

    fn add(&mut self, made: Made) {
        let Made { wanted: Wanted { run, is_again, .. }, hash, counts_as, is_failure, postponed, forks } =
            made;
        if is_again && !run.steps.is_empty() {
            // Kept until its last fork.
            self.forks_kept += forks.len();
            if let Some(parent) = self.parents.front_mut() {
                parent.forks = Some(forks);
            }
            self.cursor.is_waiting = false;
            return;
        }
        if !is_again && !self.seen.insert(counts_as) {
            self.equal += 1;
        }
        if is_failure && !is_again {
            self.end = Some(End::Failed { run });
            return;
        }
        if self.depth == self.each.depth_max || !self.expanded.insert(hash, postponed, &run) {
            return;
        }
        let answers: u64 = forks.iter().map(|fork| u64::from(fork.answers)).sum();
        self.behind_children += if run.steps.is_empty() { self.shard.share_of(answers) } else { answers };
        if answers == 0 {
            return;
        }
        let is_kept = self.forks_kept + forks.len() <= self.forks_kept_max || run.steps.is_empty();
        self.forks_kept += if is_kept { forks.len() } else { 0 };
        self.children.push_back(Parent { run, forks: is_kept.then_some(forks) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, Outcome, choose};

    /// The runs that count, and how many were made again.
    fn runs(forks_kept_max: usize) -> (Vec<String>, usize) {
        let mut search = Search::new(Each { depth_max: 3, ..Each::default() });
        search.forks_kept_max = forks_kept_max;
        let (mut counted, mut again) = (Vec::new(), 0);
        while let Next::Run(wanted) = search.next() {
            let source = search.source(&wanted);
            let deviated = source.deviated();
            let mut executor = Executor::new(source);
            let drawn = executor.block_on(async { [choose(3), choose(3), choose(3), choose(3)] });
            assert!(drawn.is_ok());
            let hash = executor.finish(Outcome::Done).hash;
            search.tell(&wanted, &deviated, hash, false);
            if wanted.is_again {
                again += 1;
            } else {
                counted.push(wanted.run.to_string());
            }
        }
        (counted, again)
    }

    #[test]
    fn what_cannot_be_kept_is_seen_again_and_changes_nothing() {
        let (kept, again) = runs(FORKS_KEPT_MAX);
        assert_eq!((kept.len(), again), (1 + 4 + 6 + 4, 0));
        let (seen_again, again) = runs(0);
        assert_eq!(seen_again, kept);
        // All runs with one or two deviations behind which there is another decision.
        assert_eq!(again, 3 + 3);
    }
}
