//! A search that goes on from the runs which have reached something new.

use std::collections::BTreeSet;
use std::fmt;

use sim_executor::{Config, KeyedDraws, KeyedRandom, Report, Source};

use crate::exceptions::{Exceptions, Follow, Noted};
use crate::signature::Signature;
use crate::strategy::{Draws, Walk};

mod corpus;
mod mutate;
mod reached;
mod text;

pub use corpus::Corpus;
use corpus::Kept;
use mutate::Mutator;
use reached::Reaching;

/// Keeps runs that have reached something new, and makes others from them by changing a few of their [`Exceptions`]: one is
/// deleted, added, answered otherwise, or those of two runs are joined. One run in four is a random one, so that it does not depend
/// on what the first have reached. What counts as new:
///
/// - a `sometimes!` or `reachable!` that no run has hit before;
/// - two polls that race, at a resource that the simulator knows of, in an order that was not seen before;
/// - a poll that follows another one, or wakes a task, at operations of which that was not seen before;
/// - more polls at an operation than a task had before: each of the first 16 counts, then twice as many;
/// - a failure with a new [`Signature`].
///
/// It is for failures that need several things to come together, each of which is rare: random runs have to meet all of
/// them at once, this search one after the other.
///
/// ```
/// use sim_executor::{Config, Executor, Outcome, choose};
/// use sim_explorer::{Corpus, Guided, GuidedEnd};
///
/// let mut run = |config, source: Box<dyn sim_executor::Source>| {
///     let mut executor = Executor::with_config(config, source);
///     let ended = executor.block_on(async {
///         for step in 0..6 {
///             if choose(8) != 7 { return }
///             assert_ne!(step, 5, "all six at once");
///             sim_executor::yield_now().await;
///         }
///     });
///     executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
/// };
/// let found = Guided { runs_max: 5_000, ..Guided::default() }.search(Config::default(), &mut Corpus::default(), &mut run);
/// // One random run in 262,144 does so.
/// assert!(matches!(found.ended, GuidedEnd::Failed { .. }), "{found}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guided {
    /// What is drawn depends on it. Default: 0.
    pub seed: u64,
    /// The most runs that are made. Default: 10,000.
    pub runs_max: u64,
}

impl Default for Guided {
    fn default() -> Self {
        Guided { seed: 0, runs_max: 10_000 }
    }
}

/// What a guided search showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidedResult {
    /// How many runs were made.
    pub runs: u64,
    /// How many different things they have reached.
    pub reached: u64,
    /// How many runs are kept, as each has reached something that none before it had.
    pub kept: u64,
    /// How it ended.
    pub ended: GuidedEnd,
}

/// How a guided search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuidedEnd {
    /// A run failed.
    Failed {
        /// What it does otherwise than the default order, with names.
        exceptions: Exceptions,
        /// The run.
        report: Box<Report>,
    },
    /// As many runs were made as may be.
    CutOff,
}

impl Guided {
    /// Searches with this function, which makes one run with a configuration and must give the same for the same source. The runs
    /// of the corpus are made first; those that are kept are added to it.
    pub fn search(
        &self,
        config: Config,
        corpus: &mut Corpus,
        run: impl FnMut(Config, Box<dyn Source>) -> Report,
    ) -> GuidedResult {
        self.search_until(config, corpus, run, || false)
    }

    /// [`Guided::search`] that is cut off as soon as `is_over` says so, which is asked before each run.
    pub fn search_until(
        &self,
        config: Config,
        corpus: &mut Corpus,
        run: impl FnMut(Config, Box<dyn Source>) -> Report,
        is_over: impl Fn() -> bool,
    ) -> GuidedResult {
        let mut search = Search {
            guided: *self,
            config,
            run,
            is_over,
            runs: 0,
            reached: BTreeSet::new(),
            mutator: Mutator::new(self.seed),
            kept: Vec::new(),
        };
        let ended = search.ended(corpus);
        let (runs, reached, kept) = (search.runs, search.reached.len() as u64, search.kept.len() as u64);
        corpus.runs = search.kept.into_iter().map(|kept| kept.exceptions).collect();
        GuidedResult { runs, reached, kept, ended }
    }
}

struct Search<F, O> {
    guided: Guided,
    config: Config,
    run: F,
    is_over: O,
    runs: u64,
    /// What was reached, by hashes.
    reached: BTreeSet<u64>,
    mutator: Mutator,
    kept: Vec<Kept>,
}

/// Every so many runs one is random.
const RANDOM_EVERY: u64 = 4;

impl<F: FnMut(Config, Box<dyn Source>) -> Report, O: Fn() -> bool> Search<F, O> {
    fn ended(&mut self, corpus: &Corpus) -> GuidedEnd {
        for exceptions in std::iter::once(&Exceptions::default()).chain(&corpus.runs) {
            if let Some(ended) = self.attempt(Follow::new(exceptions).0) {
                return ended;
            }
        }
        loop {
            let ended = if self.runs.is_multiple_of(RANDOM_EVERY) || self.kept.is_empty() {
                let seed = KeyedDraws::new(self.guided.seed).draw(Draws::key_of_run(self.runs));
                match (self.runs / RANDOM_EVERY) % 2 {
                    0 => self.attempt(KeyedRandom::new(seed)),
                    _ => self.attempt(Walk::new(seed)),
                }
            } else {
                let exceptions = self.mutator.mutated(&self.kept);
                self.attempt(Follow::new(&exceptions).0)
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Makes a run, and keeps it if it has reached something new; how the search ended, if it did.
    fn attempt(&mut self, source: impl Source + 'static) -> Option<GuidedEnd> {
        if self.runs == self.guided.runs_max || (self.is_over)() {
            return Some(GuidedEnd::CutOff);
        }
        self.runs += 1;
        let (source, reached) = Reaching::new(source);
        let (source, notes) = Noted::new(source);
        let report = (self.run)(self.config, Box::new(source));
        let realised = notes.of_run(&report);
        let reached = reached.with_marks(&report);
        let before = self.reached.len();
        self.reached.extend(reached);
        self.mutator.learn(&realised);
        if self.reached.len() > before {
            let exceptions = realised.exceptions();
            self.kept.push(Kept { exceptions, steps: realised.steps, asked: realised.asked });
        }
        Signature::of(&report).map(|_| self.failed(&notes_of(self.kept.last()), report))
    }

    /// The end by this run, which is made once more for the names.
    fn failed(&mut self, exceptions: &Exceptions, report: Report) -> GuidedEnd {
        let (source, notes) = Noted::new(Follow::new(exceptions).0);
        let named = (self.run)(Config { record: true, ..self.config }, Box::new(source));
        let exceptions = notes.of_run(&named).exceptions();
        GuidedEnd::Failed { exceptions, report: Box::new(report) }
    }
}

fn notes_of(kept: Option<&Kept>) -> Exceptions {
    // A failure is new, so its run is the last that was kept.
    kept.map(|kept| kept.exceptions.clone()).unwrap_or_default()
}

impl fmt::Display for GuidedResult {
    /// `cut off after 10000 runs, of which 53 are kept; 812 things were reached`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GuidedResult { runs, reached, kept, ended } = self;
        match ended {
            GuidedEnd::Failed { exceptions, report } => {
                let count = exceptions.count();
                write!(out, "failed in run {runs}, with {count} exceptions: {}", report.outcome)
            }
            GuidedEnd::CutOff => {
                write!(
                    out,
                    "cut off after {runs} runs, of which {kept} are kept; {reached} things were reached"
                )
            }
        }
    }
}
