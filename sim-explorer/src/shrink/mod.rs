//! From a failing run to the smallest that shows the same failure.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sim_executor::{Config, Report, Source};

mod cost;
mod faults;
mod names;
mod plan;
mod probe;
mod reduce;
mod schedule;
mod search;
mod spans;
mod truncate;
mod values;
mod workload;

pub use cost::Cost;

use crate::exceptions::{Exceptions, Realised};
use crate::signature::Signature;
use search::{Made, Search, make};

/// How a failing run is shrunk.
///
/// ```
/// use sim_executor::{Config, Executor, KeyedRandom, Outcome, Report, Source, choose};
/// use sim_explorer::Shrink;
/// use std::ops::ControlFlow;
///
/// // Draws ten numbers, and fails if the sum is above a thousand.
/// fn run(config: Config, source: Box<dyn Source>) -> Report {
///     let mut executor = Executor::with_boxed_source(config, source);
///     let sum = executor.block_on(async { (0..10).map(|_| choose(2_000)).sum::<u64>() }).unwrap();
///     let outcome = if sum > 1_000 { Outcome::Failed { message: format!("{sum} is too much") } } else { Outcome::Done };
///     executor.finish(outcome)
/// }
///
/// let found = || Box::new(KeyedRandom::new(1)) as Box<dyn Source>;
/// let shrunk = Shrink::default().shrink(Config::default(), &found, &mut run, &mut |_| ControlFlow::Continue(())).unwrap();
/// assert_eq!(shrunk.report.outcome.to_string(), "1001 is too much");
/// assert_eq!(shrunk.exceptions.count(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrink {
    /// After so many runs the smallest so far is taken. Default: 1,000, of which most failures need less than 100.
    pub runs_max: u64,
    /// After so many runs in a row that were no smaller it is taken too. While more than four exceptions are left, it is three quarters of that, or
    /// as many as there are exceptions if they are more: a long schedule has many neighbours, and few of them are smaller. Default: 48.
    pub stall_max: u64,
}

impl Default for Shrink {
    fn default() -> Self {
        Shrink { runs_max: 1_000, stall_max: 48 }
    }
}

/// How far shrinking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many runs were made.
    pub runs: u64,
    /// What is left.
    pub cost: Cost,
}

/// The smallest run that shows the failure.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// Which failure.
    pub signature: Signature,
    /// What the run had that was found.
    pub found: Cost,
    /// What it did otherwise than the default order.
    pub found_exceptions: Exceptions,
    /// What the smallest has.
    pub cost: Cost,
    /// The smallest, as what it does otherwise than the default order. Without any the program fails in the default order already.
    pub exceptions: Exceptions,
    /// The same, step by step.
    pub run: Realised,
    /// How it ended.
    pub report: Report,
    /// How many runs were made.
    pub runs: u64,
    /// Why it is not smaller.
    pub ended: ShrinkEnd,
    /// Other failures of the program that were met: each is a bug of its own.
    pub others: BTreeMap<Signature, OtherFailure>,
}

/// Why a run is not shrunk further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShrinkEnd {
    /// No pass makes it smaller.
    Smallest,
    /// As many runs were made as may be.
    Runs,
    /// As many runs in a row were no smaller as may be.
    Stalled,
    /// Who is told of the progress said so.
    Stopped,
}

/// A failure with another signature that was met while one was shrunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFailure {
    /// The first run that showed it.
    pub exceptions: Exceptions,
    /// How that ended.
    pub message: String,
}

/// A run cannot be shrunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// It ended as it should.
    #[error("the run does not fail, so there is nothing to shrink")]
    Passes,
    /// The same decisions gave another run.
    #[error(
        "not deterministic: the same run made twice went different ways (hash {:016x}, then {:016x}); something that is \
         no choice of the run decides in the program",
        hashes[0], hashes[1]
    )]
    Nondeterministic {
        /// The hashes of the two.
        hashes: [u64; 2],
    },
}

impl Shrink {
    /// Shrinks the run that the sources make which `source` gives. `run` makes a run, always in the same way but for the configuration and the
    /// source that it is given; `tell` is told after each, and may say that it was the last.
    ///
    /// The passes, until none makes it smaller: whole kinds of exceptions are left out; the schedule is cut; then come
    /// faults, the operations of the workload, the order of tasks, the parts of operations, and numbers. What counts is
    /// [`Cost`], measured on each run that was made.
    ///
    /// # Errors
    /// When the run does not fail, or is not equal to itself.
    pub fn shrink(
        &self,
        config: Config,
        source: &dyn Fn() -> Box<dyn Source>,
        run: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
        tell: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Shrunk, ShrinkError> {
        let config = Config { record: true, panic_functions: true, ..config };
        let (signature, first, runs) = verify(config, source, run)?;
        let (found, found_exceptions) = (first.cost, first.exceptions.clone());
        let config = bounded(config, &signature, &first);
        let mut search = Search::new(config, (signature, first), (runs, *self), (run, tell));
        loop {
            let before = search.best.cost;
            pass_all(&mut search);
            if search.is_over() || search.best.cost == before {
                break;
            }
        }
        let ended = match () {
            () if search.is_stopped() => ShrinkEnd::Stopped,
            () if search.is_stalled() => ShrinkEnd::Stalled,
            () if search.is_over() => ShrinkEnd::Runs,
            () => ShrinkEnd::Smallest,
        };
        let Search { signature, best, others, runs, .. } = search;
        let Made { report, run, exceptions, cost } = best;
        Ok(Shrunk { signature, found, found_exceptions, cost, exceptions, run, report, runs, ended, others })
    }
}

fn pass_all(search: &mut Search<'_>) {
    probe::probe(search);
    truncate::truncate(search);
    faults::faults(search);
    spans::operations(search);
    workload::workload(search);
    schedule::schedule(search);
    spans::parts(search);
    values::values(search);
}

/// Makes the run that was found, and once more from what it does otherwise than the default order: the two have to be equal.
fn verify(
    config: Config,
    found: &dyn Fn() -> Box<dyn Source>,
    run: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
) -> Result<(Signature, Made, u64), ShrinkError> {
    let first = make(config, found(), run);
    let signature = Signature::of(&first.report).ok_or(ShrinkError::Passes)?;
    let second = make(config, first.plan().source(&first.exceptions), run);
    if second.run.hash == first.run.hash && Signature::of(&second.report).as_ref() == Some(&signature) {
        return Ok((signature, second, 2));
    }
    let hashes = [first.run.hash, second.run.hash];
    Err(ShrinkError::Nondeterministic { hashes })
}

/// Bounds each run by a multiple of the one that was found, so that an order in which a program does not come to its end costs little.
fn bounded(mut config: Config, signature: &Signature, found: &Made) -> Config {
    const TIMES: u64 = 4;
    const AT_LEAST: u64 = 10_000;
    if !signature.class.starts_with("limit") {
        let polls = found.run.polls.saturating_mul(TIMES).saturating_add(AT_LEAST);
        config.limits.polls_max = config.limits.polls_max.min(polls);
    }
    config
}
