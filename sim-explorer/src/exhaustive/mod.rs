//! Every schedule with few preemptions, one after the other.

use std::fmt;

use sim_executor::{Report, Source};

use crate::exceptions::TurnException;

mod orders;
mod schedule;
mod size;
mod text;

use orders::Orders;
use schedule::{Schedule, Scheduled};

/// Makes every schedule of a program: first those without a preemption, then those with one, and so on. A *preemption* is a
/// switch away from a task that could go on and did not yield: see [`DefaultOrder`](crate::DefaultOrder), which is the first schedule. Every question that is none about the
/// order has its gentlest answer. Bounding the preemptions is from CHESS (Musuvathi and Qadeer, "Iterative context bounding for
/// systematic testing of multithreaded programs", PLDI 2007).
///
/// It leaves nothing out that might be equal to another schedule: what a program shares is not all known to the simulator, and to
/// leave out what seems equal would be silently wrong. How many of the schedules differ in who comes first at a resource, as far as that is
/// known, is counted.
///
/// ```
/// use sim_executor::{Executor, Outcome, spawn, yield_now};
/// use sim_explorer::Exhaustive;
///
/// let found = Exhaustive::default().search(|source| {
///     let mut executor = Executor::new(source);
///     executor.block_on(async {
///         let tasks = [(); 2].map(|()| spawn(async { yield_now().await }));
///         for task in tasks {
///             task.await.unwrap();
///         }
///     }).unwrap();
///     executor.finish(Outcome::Done)
/// });
/// assert!(found.to_string().starts_with("exhausted: "), "{found}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhaustive {
    /// The most preemptions in a schedule. Default: 2.
    pub preemptions_max: u32,
    /// The most runs that are made. Default: 1,000,000.
    pub runs_max: u64,
}

impl Default for Exhaustive {
    fn default() -> Self {
        Exhaustive { preemptions_max: 2, runs_max: 1_000_000 }
    }
}

/// What a search through all schedules showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExhaustiveResult {
    /// How many different schedules were made.
    pub schedules: u64,
    /// How many runs were made: the schedules with fewer preemptions are made once more on the way to those with more.
    pub runs: u64,
    /// How many orders there were in which tasks come to what they share, as far as the simulator knows what they touch; none if
    /// tasks touch nothing that it knows of.
    pub orders: Option<u64>,
    /// How it ended.
    pub ended: ExhaustiveEnd,
}

/// How a search through all schedules ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExhaustiveEnd {
    /// None of the schedules fails.
    Exhausted {
        /// With at most so many preemptions; none if those are all schedules that there are.
        preemptions: Option<u32>,
    },
    /// This run fails, and none with fewer preemptions.
    Failed {
        /// How many preemptions it has.
        preemptions: u32,
        /// Where it is another task's turn than in the default order.
        turns: Vec<TurnException>,
        /// The run.
        report: Box<Report>,
    },
    /// As many runs were made as may be.
    CutOff {
        /// With at most so many preemptions. All schedules with fewer were made.
        preemptions: u32,
        /// About how many schedules there are with at most so many. Knuth's estimate ("Estimating the efficiency of backtrack
        /// programs", 1975) from a few schedules that are drawn: right on average, and seldom near.
        estimate: u128,
    },
    /// A schedule that was made again was another one: the program depends on something that is no choice of the run.
    Diverged,
}

impl Exhaustive {
    /// Searches with this function, which makes one run and must give the same for the same source.
    pub fn search(&self, run: impl FnMut(Box<dyn Source>) -> Report) -> ExhaustiveResult {
        self.search_until(run, || false)
    }

    /// [`Exhaustive::search`] that is cut off as soon as `is_over` says so, which is asked before each run.
    pub fn search_until(
        &self,
        run: impl FnMut(Box<dyn Source>) -> Report,
        is_over: impl Fn() -> bool,
    ) -> ExhaustiveResult {
        let mut search =
            Search { limit: *self, run, is_over, runs: 0, schedules: 0, orders: Orders::default() };
        let ended = search.ended();
        let Search { schedules, runs, orders, .. } = search;
        ExhaustiveResult { schedules, runs, orders: orders.count(), ended }
    }
}

struct Search<F, O> {
    limit: Exhaustive,
    run: F,
    is_over: O,
    runs: u64,
    /// How many different ones were made.
    schedules: u64,
    orders: Orders,
}

/// How the schedules with at most so many preemptions ended.
enum Level {
    /// All were made; whether there are others, with more.
    Exhausted {
        are_more: bool,
    },
    Ended(ExhaustiveEnd),
}

impl<F: FnMut(Box<dyn Source>) -> Report, O: Fn() -> bool> Search<F, O> {
    fn ended(&mut self) -> ExhaustiveEnd {
        for preemptions in 0..=self.limit.preemptions_max {
            match self.level(preemptions) {
                Level::Exhausted { are_more: true } => {}
                Level::Exhausted { are_more: false } => {
                    return ExhaustiveEnd::Exhausted { preemptions: None };
                }
                Level::Ended(ended) => return ended,
            }
        }
        ExhaustiveEnd::Exhausted { preemptions: Some(self.limit.preemptions_max) }
    }

    /// Makes all schedules with at most so many preemptions, deepest first.
    fn level(&mut self, preemptions: u32) -> Level {
        let scheduled = Scheduled::new(preemptions);
        let mut are_more = false;
        loop {
            if self.runs == self.limit.runs_max || (self.is_over)() {
                let estimate = self.estimate(preemptions);
                return Level::Ended(ExhaustiveEnd::CutOff { preemptions, estimate });
            }
            self.runs += 1;
            let (schedule, order) = Schedule::following(&scheduled);
            let report = (self.run)(Box::new(schedule));
            if scheduled.has_diverged() {
                return Level::Ended(ExhaustiveEnd::Diverged);
            }
            are_more |= scheduled.was_bounded();
            // Those with fewer were counted before.
            if scheduled.preemptions() == preemptions {
                self.schedules += 1;
                self.orders.add(&order);
            }
            if !report.outcome.is_done() {
                let turns = scheduled.turns();
                let report = Box::new(report);
                return Level::Ended(ExhaustiveEnd::Failed { preemptions, turns, report });
            }
            if !scheduled.advance() {
                return Level::Exhausted { are_more };
            }
        }
    }

    /// About how many schedules there are.
    fn estimate(&mut self, preemptions: u32) -> u128 {
        let mut products = Vec::new();
        for number in 0..size::PROBES {
            if (self.is_over)() {
                break;
            }
            let scheduled = Scheduled::drawn(preemptions, number);
            let (schedule, _) = Schedule::following(&scheduled);
            let _report = (self.run)(Box::new(schedule));
            products.push(scheduled.product_of_choices());
        }
        size::mean(&products).max(u128::from(self.schedules))
    }
}

impl fmt::Display for ExhaustiveResult {
    /// `exhausted: 70 schedules, all there are`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schedules = self.schedules;
        match &self.ended {
            ExhaustiveEnd::Exhausted { preemptions: None } => {
                write!(out, "exhausted: {schedules} schedules, all there are")?;
            }
            ExhaustiveEnd::Exhausted { preemptions: Some(most) } => {
                write!(out, "exhausted: {schedules} schedules within {most} preemptions")?;
            }
            ExhaustiveEnd::CutOff { preemptions, estimate } => {
                let about = size::Rough(*estimate);
                write!(out, "cut off at {schedules} schedules, of {about} within {preemptions} preemptions")?;
            }
            ExhaustiveEnd::Failed { preemptions, report, .. } => {
                write!(
                    out,
                    "failed in schedule {schedules}, with {preemptions} preemptions: {}",
                    report.outcome
                )?;
            }
            ExhaustiveEnd::Diverged => {
                write!(out, "a schedule that was made again was another: something is no choice of the run")?;
            }
        }
        self.orders.map_or(Ok(()), |orders| write!(out, "; {orders} orders of what they touch"))
    }
}
