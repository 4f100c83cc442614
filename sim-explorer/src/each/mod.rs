//! Deviation-bounded search: is there any one decision that breaks the program?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sim_executor::{Report, Source};

mod deviant;
mod deviation;
mod kinds;
mod text;

pub use deviant::Deviant;
pub use deviation::{Alternative, Deviation};
pub use kinds::{Kinds, ParseKindsError};
pub use text::ParseEachError;

/// Every run that differs from the gentlest in one decision, then every run that differs in two, and so on.
///
/// A run is made with some deviations; what else could have been answered behind the last of them is noted, and each of these
/// answers is tried: another ready task first, the next task behind all others, a fault that happens, the least and the greatest
/// of a number. Runs that turn out equal, by their hash, count once, and nothing is tried behind the second of them.
///
/// A failure is minimal by construction: no run with fewer deviations fails. When none fails, the search says which depth it has
/// exhausted, which no number of random seeds can say.
///
/// ```
/// use sim_executor::{Executor, Outcome, choose, flip, Ratio};
/// use sim_explorer::{Each, Ended};
///
/// let found = Each { depth_max: 2, ..Each::default() }.search(|source| {
///     let mut executor = Executor::new(source);
///     let rare = Ratio::new(1, 1_000_000);
///     let both = executor.block_on(async move { flip(rare) & flip(rare) }).unwrap();
///     let outcome = if both { Outcome::Failed { message: "both at once".to_string() } } else { Outcome::Done };
///     executor.finish(outcome)
/// });
/// let Ended::Failed { deviations, .. } = found.ended else { panic!("{found}") };
/// assert_eq!(deviations.len(), 2);
/// assert_eq!(found.runs, 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Each {
    /// The most decisions in which a run deviates. Default: 1.
    pub depth_max: u32,
    /// The most runs that are made, those that turn out equal to others counted too. Default: 1,000,000.
    pub runs_max: u64,
    /// From which kinds of decisions runs deviate. Default: all.
    pub kinds: Kinds,
}

impl Default for Each {
    fn default() -> Self {
        Each { depth_max: 1, runs_max: 1_000_000, kinds: Kinds::ALL }
    }
}

/// What a search showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchResult {
    /// How many different runs were made.
    pub runs: u64,
    /// How many runs turned out equal to another one.
    pub equal: u64,
    /// How it ended.
    pub ended: Ended,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// No run with so many deviations fails, nor one with fewer.
    Exhausted {
        /// How many.
        depth: u32,
    },
    /// This run fails, and none with fewer deviations.
    Failed {
        /// In which decisions it deviates; none if the gentlest run fails.
        deviations: Vec<Deviation>,
        /// The run.
        report: Box<Report>,
    },
    /// As many runs were made as may be.
    CutOff {
        /// How many deviations the last run had. One less is exhausted.
        depth: u32,
    },
}

impl Each {
    /// Searches with this function, which makes one run and must give the same for the same source.
    pub fn search(&self, run: impl FnMut(Box<dyn Source>) -> Report) -> SearchResult {
        self.search_until(run, || false)
    }

    /// [`Each::search`] that is cut off as soon as `is_over` says so, which is asked before each run.
    pub fn search_until(
        &self,
        run: impl FnMut(Box<dyn Source>) -> Report,
        is_over: impl Fn() -> bool,
    ) -> SearchResult {
        let (seen, found) = (BTreeSet::new(), None);
        let mut search = Search { each: *self, run, is_over, seen, made: 0, equal: 0, found };
        let ended = search.ended();
        SearchResult { runs: search.seen.len() as u64, equal: search.equal, ended }
    }
}

struct Search<F, O> {
    each: Each,
    run: F,
    is_over: O,
    /// The hashes of the runs that were made.
    seen: BTreeSet<u64>,
    made: u64,
    equal: u64,
    found: Option<(Vec<Deviation>, Box<Report>)>,
}

/// The runs behind which other runs were tried.
#[derive(Default)]
struct Expanded {
    /// By its hash and where tasks were postponed, for these may still wait: behind which decision.
    runs: BTreeMap<(u64, Vec<u64>), u64>,
}

impl Expanded {
    /// Whether something is to be tried behind this run: no equal one was there that deviates last at the same decision, or before.
    fn insert(&mut self, hash: u64, deviations: &[Deviation]) -> bool {
        let is_postponed = |deviation: &&Deviation| deviation.answer == Alternative::Postpone;
        let postponed = deviations.iter().filter(is_postponed).map(|deviation| deviation.at).collect();
        let behind = deviations.last().map_or(0, |deviation| deviation.at + 1);
        let before = self.runs.entry((hash, postponed)).or_insert(u64::MAX);
        let is_new = behind < *before;
        *before = behind.min(*before);
        is_new
    }
}

/// Whether a search goes on.
enum Step {
    On,
    Over,
}

impl<F: FnMut(Box<dyn Source>) -> Report, O: Fn() -> bool> Search<F, O> {
    fn ended(&mut self) -> Ended {
        for depth in 0..=self.each.depth_max {
            let mut expanded = Expanded::default();
            if let Step::Over = self.level(&mut Vec::new(), depth, &mut expanded) {
                return match self.found.take() {
                    Some((deviations, report)) => Ended::Failed { deviations, report },
                    None => Ended::CutOff { depth },
                };
            }
        }
        Ended::Exhausted { depth: self.each.depth_max }
    }

    /// Makes every run that deviates in `left` decisions more than these.
    fn level(&mut self, deviations: &mut Vec<Deviation>, left: u32, expanded: &mut Expanded) -> Step {
        if left == 0 {
            return self.attempt(deviations);
        }
        let (source, alternatives) = Deviant::noting(deviations.clone(), self.each.kinds);
        // Made before, at the level above: what is behind it was not kept, since that may be much.
        let report = (self.run)(Box::new(source));
        if !expanded.insert(report.hash, deviations) {
            return Step::On;
        }
        for deviation in alternatives.take() {
            deviations.push(deviation);
            let step = self.level(deviations, left - 1, expanded);
            deviations.pop();
            if let Step::Over = step {
                return Step::Over;
            }
        }
        Step::On
    }

    fn attempt(&mut self, deviations: &[Deviation]) -> Step {
        if self.made == self.each.runs_max || (self.is_over)() {
            return Step::Over;
        }
        self.made += 1;
        let report = (self.run)(Box::new(Deviant::new(deviations.to_vec()).asking(self.each.kinds.faults)));
        if !self.seen.insert(report.hash) {
            self.equal += 1;
        }
        if report.outcome.is_done() {
            return Step::On;
        }
        self.found = Some((deviations.to_vec(), Box::new(report)));
        Step::Over
    }
}

impl fmt::Display for SearchResult {
    /// `exhausted: 1312 runs, no single deviation from the default order breaks it`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs;
        match &self.ended {
            Ended::Exhausted { depth: 0 } => {
                write!(out, "exhausted: {runs} runs, the default order does not break it")
            }
            Ended::Exhausted { depth: 1 } => {
                write!(out, "exhausted: {runs} runs, no single deviation from the default order breaks it")
            }
            Ended::Exhausted { depth } => {
                write!(out, "exhausted: {runs} runs, no {depth} deviations from the default order break it")
            }
            Ended::CutOff { depth } => {
                write!(out, "cut off after {runs} runs, among those with {depth} deviations")
            }
            Ended::Failed { deviations, report } => {
                write!(out, "failed in run {runs} with {} deviations: {}", deviations.len(), report.outcome)?;
                deviations.iter().try_for_each(|deviation| write!(out, "\n  {deviation}"))
            }
        }
    }
}
