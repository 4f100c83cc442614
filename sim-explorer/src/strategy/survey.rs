//! What one run in default order shows of a program, for strategies that need to know how long its runs are.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{Config, Domain, Point, Report, Source, Value};

/// What a run showed in which every decision had its gentlest answer.
///
/// PCT spreads its changes over the length of a run, and URW needs to know how often each task will still be polled. Both
/// numbers come from this one run, and from nothing else: so a seed means the same in whatever sweep it is run.
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
}

impl Survey {
    /// Surveys a program by this function, which makes one run of it: with this configuration, but with statistics and
    /// without a trace.
    pub fn of(config: Config, run: impl FnOnce(Config, Box<dyn Source>) -> Report) -> Self {
        let surveyor = Surveyor::default();
        let steps = Rc::clone(&surveyor.steps);
        let report = run(Config { stats: true, ..config }, Box::new(surveyor));
        let polls = report.stats.iter().map(|task| (task.lineage_hash, task.polls)).collect();
        Survey { steps: steps.get(), polls }
    }

    /// How many times several tasks could have been polled; at least one.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps.max(1)
    }

    /// How often the task with this lineage is polled; at least once.
    pub(super) fn polls(&self, lineage: u64) -> u64 {
        self.polls.get(&lineage).copied().unwrap_or(1)
    }
}

/// The source of the run that is surveyed: it answers nothing, so that every answer is the gentlest, and counts.
#[derive(Clone, Debug, Default)]
struct Surveyor {
    steps: Rc<Cell<u64>>,
}

impl Source for Surveyor {
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        if let Domain::Among(_) = point.domain {
            self.steps.set(self.steps.get() + 1);
        }
        None
    }

    fn describe(&self) -> String {
        "survey".to_string()
    }
}
