//! Deviation-bounded search: is there any one decision that breaks the program?

use std::fmt;

use sim_executor::{Report, Source};

use crate::shard::Shard;

mod deviant;
mod deviation;
mod equivalence;
mod kinds;
mod run;
mod search;
mod text;

pub use deviant::{Deviant, Deviated};
pub use deviation::{Alternative, DeviantStep, Deviation};
pub use kinds::{Kinds, ParseKindsError};
pub use run::{DeviantRun, ParseDeviantRunError};
pub use search::{End, Next, Search, Wanted};

/// Every run that differs from the gentlest in one decision, then every run that differs in two, and so on.
///
/// A run is made with some deviations; what else could have been answered behind the last of them is noted, and each of these
/// answers is tried: another ready task first, the next task behind all others, a fault that happens, the least and the greatest
/// of a number. Runs that turn out equal, by their hash, count once, and nothing is tried behind the second of them. Runs that only let polls
/// change places which touch nothing in common count once, too, as far as tasks tell all that they touch:
/// see [`spawn_telling`](sim_executor::spawn_telling).
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
    /// How many runs turned out equal to another one, or equal but for the order of polls that touch nothing in common.
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
        /// How many runs were made, equal ones too.
        made: u64,
        /// How many it would have been at most with up to so many deviations.
        of: u64,
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
        self.search_shard(Shard::WHOLE, run, is_over)
    }

    /// [`Each::search_until`] of one shard: see [`Search::of_shard`].
    pub fn search_shard(
        &self,
        shard: Shard,
        mut run: impl FnMut(Box<dyn Source>) -> Report,
        is_over: impl Fn() -> bool,
    ) -> SearchResult {
        let mut search = Search::of_shard(*self, shard);
        let mut failure = None;
        while let Next::Run(wanted) = search.next() {
            if is_over() {
                search.cut_off();
                break;
            }
            let source = search.source(&wanted);
            let deviated = source.deviated();
            let report = run(Box::new(source));
            let is_failure = !report.outcome.is_done();
            search.tell(&wanted, &deviated, report.hash, is_failure);
            failure = is_failure.then(|| (deviated.deviations(), Box::new(report)));
        }
        let ended = match (search.end(), failure) {
            (Some(End::Failed { .. }), Some((deviations, report))) => Ended::Failed { deviations, report },
            (Some(End::CutOff { depth, made, of }), _) => {
                Ended::CutOff { depth: *depth, made: *made, of: *of }
            }
            _ => Ended::Exhausted { depth: search.exhausted().unwrap_or_default() },
        };
        SearchResult { runs: search.runs(), equal: search.equal(), ended }
    }
}

impl fmt::Display for SearchResult {
    /// `exhausted: 1312 runs, no single deviation from the default order breaks it`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs;
        match &self.ended {
            Ended::Exhausted { depth } => out.write_str(&End::Exhausted { depth: *depth }.text(runs)),
            Ended::CutOff { depth, made, of } => {
                out.write_str(&End::CutOff { depth: *depth, made: *made, of: *of }.text(runs))
            }
            Ended::Failed { deviations, report } => {
                write!(out, "failed in run {runs} with {} deviations: {}", deviations.len(), report.outcome)?;
                deviations.iter().try_for_each(|deviation| write!(out, "\n  {deviation}"))
            }
        }
    }
}
