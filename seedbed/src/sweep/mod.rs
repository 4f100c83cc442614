//! A test that is run many times.

use std::sync::Arc;

use sim_executor::{Buggify, DeadWakers, Leaks, Limits, Ratio, TraceLevel};
use sim_explorer::{Recipe, SweepBy};

use crate::environment::{self, Environment, EnvironmentError, ISOLATED};
use crate::reproduce::TestSite;
use crate::test_output::TestOutput;

mod again;
mod alone;
mod caller;
#[cfg(feature = "posix")]
mod in_children;
mod isolated;
mod patience;
mod planned;
mod result;
mod runs;
mod sequence;
mod stored;
mod story;
mod subject;

use again::{Elsewhere, deeper, on_another_thread};
use caller::Caller;
use isolated::{Stage, fail};
use stored::Stored;

#[cfg(feature = "proptest")]
pub(crate) use patience::Patience;
pub use result::{NeverHit, Passed, SweepError};

/// What tokio gives each task for each poll; its sources, not its documentation, have the number
/// (`task/coop/mod.rs`, `Budget::initial`).
const TOKIO_BUDGET: u32 = 128;

/// How a test is run.
///
/// ```
/// use seedbed::{Limits, Sweep, time};
/// use std::time::Duration;
///
/// let limits = Limits { virtual_time_max: Duration::from_secs(60), ..Limits::default() };
/// let test = Sweep { seeds: 20, limits, ..Sweep::default() };
/// test.run("the_answer_comes_in_time", || async {
///     time::sleep(Duration::from_secs(59)).await;
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// How many runs are made after the one in production order. Default: 100.
    ///
    /// Of these a share is every run with few deviations from the default order, and the others are seeds from 0 on: see `strategy`.
    pub seeds: u64,
    /// How runs are chosen. Default: `None`, which is a bit of everything.
    ///
    /// Then one run in [`Sweep::each_one_in`] belongs to `each`: first every run with one deviation from the default order, then with two,
    /// and so on, as far as that goes. The others are the seeds of the portfolio. With a strategy all runs are its seeds. With
    /// [`SweepBy::Each`], which has bounds of its own, `seeds` has no meaning.
    pub strategy: Option<SweepBy>,
    /// One in how many runs belongs to `each`, where no strategy is named; none if it is zero. Default: 3.
    pub each_one_in: u64,
    /// The bounds of each run.
    pub limits: Limits,
    /// After how many operations in one poll a task yields. Default: 128, as in tokio. `None` is asyncio's way: an `await`
    /// that need not wait does not yield.
    pub budget: Option<u32>,
    /// How many runs, besides production order, are made twice to see that both runs are equal: at least so many, spread over
    /// all, and at least one in ten; none if it is zero. Default: 8.
    ///
    /// The second run is made at another depth of the stack and with another heap, and by `#[seedbed::test]` on another
    /// thread, so that a program which depends on addresses or threads is found out.
    pub repeated: u64,
    /// How much the log of a failed run tells. Default: what the program itself reports.
    pub trace: TraceLevel,
    /// How many lines from the end of that log are shown. Default: 40.
    pub lines_shown: usize,
    /// Whether it is told how often each task of a failed run was polled, and how long it waited for that. Default: no.
    pub stats: bool,
    /// How probable the trouble of `buggify!` is. Default: as in FoundationDB.
    pub buggify: Buggify,
    /// Whether each run draws which kinds of faults are on in it, of those that the test lets happen. Default: no.
    pub swarm: bool,
    /// How probable it is, after each poll in which a task has begun to wait, that it is polled without having been woken. Default: never.
    pub spurious_polls: Ratio,
    /// How probable it is, at each await of the body of a `timeout`, that its time is over there. Default: never.
    pub cancel_timeouts: Ratio,
    /// How probable it is, at each await of a `select!`, that a sleep in one of its branches is over there. Default: never.
    pub cancel_selects: Ratio,
    /// How probable it is that an abort of a task which is ready lands at its next await only. Default: never.
    pub late_aborts: Ratio,
    /// Whether operations of sockets, and sleeps, that are ready at once are decision points, too. Default: no.
    pub io_points: bool,
    /// What becomes of a task that nobody can wake any more. Default: the report of a deadlock says it.
    pub dead_wakers: DeadWakers,
    /// How much a run may leave behind at its end: tasks, timers, sockets, permits. Default: `None`, it is not looked at.
    pub leaks: Option<Leaks>,
    /// Whether the test fails when a `sometimes!` that was passed held in no run at all. With it the counts of all are printed, which
    /// `cargo test -- --nocapture` shows. Default: no.
    pub require_sometimes: bool,
    /// What of the network differs between runs, where neither the test nor `network` sets it. Default: everything that a program may not depend
    /// on. In production order nothing does.
    #[cfg(feature = "net")]
    pub vary: crate::net::vary::Vary,
    /// What the network of each run is like, where the test does not set it. Default: perfect.
    #[cfg(feature = "net")]
    pub network: Option<crate::net::profile::Profile>,
    /// Whether `#[seedbed::test]` writes a failure file when a run fails, and replays the files of the test first. Default: yes.
    pub simfail: bool,
    /// Whether a failing run is shrunk, for some seconds at most: its text begins with the story of the smallest run that fails so, and its
    /// failure file is of that run. Default: yes.
    pub shrink: bool,
    /// Whether each run is made in a process of the machine of its own, so that statics and thread-locals are in each as they are when the
    /// program begins. It needs the feature `posix`; such a test makes seeds only, without `each` and `require_sometimes`, and what
    /// fails is not shrunk. Default: no, unless the environment has `SEEDBED_ISOLATED=1`.
    pub isolated: bool,
    /// The only run to make; its log is shown in full, whether it fails or not. Default: none, so all are made.
    pub only: Option<Recipe>,
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep {
            seeds: 100,
            strategy: None,
            each_one_in: 3,
            limits: Limits::default(),
            budget: Some(TOKIO_BUDGET),
            repeated: 8,
            trace: TraceLevel::Events,
            lines_shown: 40,
            stats: false,
            buggify: Buggify::default(),
            swarm: false,
            spurious_polls: Ratio::NEVER,
            cancel_timeouts: Ratio::NEVER,
            cancel_selects: Ratio::NEVER,
            late_aborts: Ratio::NEVER,
            io_points: false,
            dead_wakers: DeadWakers::Unknown,
            leaks: None,
            require_sometimes: false,
            #[cfg(feature = "net")]
            vary: crate::net::vary::Vary::ALL,
            #[cfg(feature = "net")]
            network: None,
            simfail: true,
            shrink: true,
            isolated: false,
            only: None,
        }
    }
}

/// Runs a test in production order and `seeds` times more, each time in a fresh executor; the first run that
/// fails is shown, and ends the test. What `#[seedbed::test]` does, for where an attribute does not fit.
///
/// `name` is the test's name as `cargo test` takes it. [`Sweep`] has more to set.
///
/// ```
/// seedbed::sweep("a_draw_is_below_its_bound", 20, || async {
///     assert!(seedbed::choose(6) < 6);
/// });
/// ```
///
/// # Panics
/// If a run fails, if two equal runs are not equal, or if a variable such as `SEEDBED_SEED` has no meaning; inside a run.
#[track_caller]
pub fn sweep<B, F>(name: &str, seeds: u64, body: B)
where
    B: Fn() -> F + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    Sweep { seeds, ..Sweep::default() }.run(name, body);
}

/// What `#[seedbed::test]` calls.
#[doc(hidden)]
#[track_caller]
pub fn run_test<B, F>(site: TestSite, set: impl FnOnce(&mut Sweep), body: B)
where
    B: Fn() -> F + Send + Sync + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    let mut sweep = Sweep::default();
    set(&mut sweep);
    sweep.run_for(Caller::Attribute(&site), body, on_another_thread::<B, F>);
}

impl Sweep {
    /// Runs a test, as [`sweep`] does, and as the environment asks for.
    ///
    /// # Panics
    /// As [`sweep`].
    #[track_caller]
    pub fn run<B, F>(&self, name: &str, body: B)
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        self.run_for(Caller::Sweep(name), body, deeper::<B, F>);
    }

    #[track_caller]
    fn run_for<B, F>(&self, caller: Caller<'_>, body: B, elsewhere: Elsewhere<B>)
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let sweep = self.clone().with_environment(&Environment::of_process());
        let sweep = sweep.unwrap_or_else(|error| panic!("{error}"));
        if sweep.isolated && Stage::here() == Stage::Tests {
            return isolated::relay(caller);
        }
        let body = Arc::new(body);
        let stored = match Stored::of(&sweep, caller, &body) {
            Ok(stored) => stored,
            Err(error) => panic!("{error}"),
        };
        if let Some(stored) = &stored {
            if stored.replay_asked() {
                return;
            }
            #[cfg(feature = "posix")]
            let is_replayed =
                sweep.isolated && in_children::telling_panics(|| in_children::replay_all(stored));
            #[cfg(not(feature = "posix"))]
            let is_replayed = false;
            if !is_replayed {
                stored.replay_all();
            }
        }
        let mut result = sweep.try_run_here(caller, &body, elsewhere);
        if let Err(SweepError::Failed(failed)) = &mut result {
            let shrunk = sweep.tell_story(&body, failed);
            stored.iter().for_each(|stored| stored.keep(failed, shrunk.as_ref()));
        }
        if sweep.only.is_none() {
            match result {
                Ok(passed) => println!("{}: {passed}", caller.name()),
                Err(error) => fail(&error),
            }
            return;
        }
        match result {
            Ok(Passed { log, hashes, .. }) => println!("{log}hash {:016x} outcome done", hashes[0]),
            Err(SweepError::Failed(mut failed)) => {
                print!("{}", std::mem::take(&mut failed.log));
                println!("hash {:016x} outcome {}", failed.report.hash, failed.report.outcome.word());
                fail(&failed)
            }
            Err(error) => fail(&error),
        }
    }

    #[track_caller]
    fn try_run_here<B, F>(
        &self,
        caller: Caller<'_>,
        body: &Arc<B>,
        elsewhere: Elsewhere<B>,
    ) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        #[cfg(feature = "posix")]
        if self.isolated {
            return in_children::telling_panics(|| self.try_run_isolated(caller, body, elsewhere));
        }
        self.try_run_for(caller, Arc::clone(body), elsewhere)
    }

    /// Sets the strategy by its text, for the attribute.
    ///
    /// # Panics
    /// If it names none.
    #[doc(hidden)]
    #[track_caller]
    pub fn set_strategy(&mut self, text: &str) {
        let by = text.parse().unwrap_or_else(|error| panic!("strategy = {text:?}: {error}"));
        self.strategy = Some(by);
    }

    /// This, with what the environment asks for.
    ///
    /// `SEEDBED_SEED` and `SEEDBED_STRATEGY` name the only run to make: a seed (of the strategy `random`, if none is given) or
    /// `production`, or a run of `each`. A strategy without a seed is that of the sweep. `SEEDBED_SEEDS` is the number of runs, if the test
    /// is run more than once at all, `SEEDBED_ISOLATED` is `1` or `0`, and `SEEDBED_TRACE` is `events`, `wakes` or `all`.
    ///
    /// # Errors
    /// When a value has no meaning.
    pub fn with_environment(self, asked: &Environment) -> Result<Self, EnvironmentError> {
        let (seed, strategy) = (asked.seed.as_deref(), asked.strategy.as_deref());
        let only = environment::parse_recipe(seed, strategy)?;
        let by = strategy.filter(|_| only.is_none()).map(str::parse::<SweepBy>).transpose()?;
        let seeds = asked.seeds.as_deref().map(environment::parse_seeds).transpose()?;
        let isolated = asked.isolated.as_deref().map(|text| environment::parse_switch(ISOLATED, text));
        let isolated = isolated.transpose()?.unwrap_or(self.isolated);
        let trace = asked.trace.as_deref().map(environment::parse_trace).transpose()?;
        Ok(Sweep {
            only: only.or(self.only),
            strategy: by.or(self.strategy),
            isolated,
            seeds: seeds.filter(|_| self.seeds > 0).unwrap_or(self.seeds),
            trace: trace.unwrap_or(self.trace),
            ..self
        })
    }
}
