//! Every bound of a run: its default, and why that number.

use std::fmt;
use std::time::Duration;

use crate::clock::Instant;

/// The bounds of a run: whatever a program under test does, the run ends. Reaching one ends the run with an error
/// that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Virtual time at which the run is ended. Default: a day, far beyond the timeouts of network protocols, while an idle
    /// day costs nothing but its events.
    pub virtual_time_max: Duration,
    /// Virtual time from the begin of the run, or from the last [`progress!`](crate::progress), to the next of these, after which the
    /// run is a livelock. Default: no bound. Let it be some twenty times the longest timeout of the program.
    pub progress_max: Duration,
    /// Polls in the run. Default: 20 million: two to five seconds of a core where tasks do little else, in a debug build.
    pub polls_max: u64,
    /// Polls without any advance of virtual time, after which the run is a busy loop; so many for each ten thousand tasks, or
    /// part of that, that were alive at one time. Default: 100,000, as a loop that yields in real programs waits for something
    /// that needs time. It also bounds how many tasks the `Drop` code of others spawns at the end of the run.
    pub polls_per_instant_max: u64,
    /// Calls of this harness in one poll, after which the task is one that never comes back: reads, writes and sleeps that are
    /// over at once, sockets that are opened, looks at the time, draws, events. Counted in thousands; so many for
    /// each ten thousand tasks, or part of that, that were alive at one time. Default: 100,000,
    /// far beyond what real programs do before they wait. A loop that makes no such call is ended by the test harness' watchdog.
    pub operations_per_poll_max: u64,
    /// How long a phase in which all is well may last without a [`progress!`](crate::progress), after which the run is a livelock: so many
    /// times [`Settle::timeout_max`](crate::settle::Settle::timeout_max), but never less than [`Limits::livelock_min`]. Default: 20.
    pub livelock_timeouts: u32,
    /// The least of these bounds, in virtual time. Default: a minute.
    pub livelock_min: Duration,
    /// How many polls of other tasks a ready task may wait for its own, for each of the most tasks that were ready at one time; if it waits
    /// longer it starves. Looked at where statistics are kept ([`Config::stats`](crate::Config::stats)), under a source that is fair
    /// ([`Needs::is_fair`](crate::Needs::is_fair)), for waits in which virtual time stands still. Default: 50.
    pub starvation_per_ready: u64,
    /// The least of these bounds, in polls. Default: 1,000.
    pub starvation_min: u64,
    /// For how much virtual time a task may hold the CPU of its node in one poll, before the report of the run names that poll and whom it kept
    /// waiting: no failure, but a line of the report. Default: 100 ms, as for the slow callbacks of asyncio's debug mode.
    pub hold_max: Duration,
    /// Tasks alive at one time. Default: a million.
    pub tasks_max: usize,
    /// Timers pending at one time. Default: a million.
    pub timers_max: usize,
    /// Records of the trace. Default: a million, about 100 MB.
    pub records_max: usize,
    /// Decisions of a recording. Default: ten million.
    pub decisions_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            virtual_time_max: Duration::from_secs(24 * 60 * 60),
            progress_max: Duration::MAX,
            polls_max: 20_000_000,
            polls_per_instant_max: 100_000,
            operations_per_poll_max: 100_000,
            livelock_timeouts: 20,
            livelock_min: Duration::from_secs(60),
            starvation_per_ready: 50,
            starvation_min: 1_000,
            hold_max: Duration::from_millis(100),
            tasks_max: 1_000_000,
            timers_max: 1_000_000,
            records_max: 1_000_000,
            decisions_max: 10_000_000,
        }
    }
}

/// A bound of [`Limits`] was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Limits::{name} = {bound} is reached: {meaning}")]
pub struct LimitReached {
    /// The field of [`Limits`].
    pub name: &'static str,
    /// Its value.
    pub bound: Bound,
    /// What that means for the run.
    pub meaning: &'static str,
}

/// The value of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many.
    Count(u64),
    /// So much virtual time.
    Time(Duration),
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Count(count) => count.fmt(out),
            Bound::Time(time) => write!(out, "{} s", Instant::START + *time),
        }
    }
}

impl Limits {
    /// The polls without any advance of virtual time after which the run is a busy loop, if so many tasks were alive at one
    /// time: what many tasks do once is none.
    pub(crate) fn polls_per_instant_of(&self, tasks: usize) -> u64 {
        for_tasks(self.polls_per_instant_max, tasks)
    }

    /// These, but ten times the bound that was reached, if it is one of a verdict.
    ///
    /// ```
    /// use sim_executor::{Config, Executor, Limits, ProductionOrder, RunError, yield_now};
    ///
    /// let run = |limits| {
    ///     let yields = async { for _ in 0..3_000 { yield_now().await } };
    ///     Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder).block_on(yields)
    /// };
    /// let limits = Limits { polls_per_instant_max: 1_000, ..Limits::default() };
    /// let Err(RunError::Limit { limit, .. }) = run(limits) else { panic!("it ends") };
    /// assert!(run(limits.at_ten_times(&limit).unwrap()).is_ok(), "it was only slow");
    /// ```
    #[must_use]
    pub fn at_ten_times(&self, limit: &LimitReached) -> Option<Limits> {
        const TIMES: u32 = 10;
        let (mut limits, times) = (*self, u64::from(TIMES));
        match limit.name {
            "progress_max" => limits.progress_max = self.progress_max.saturating_mul(TIMES),
            "polls_per_instant_max" => {
                limits.polls_per_instant_max = self.polls_per_instant_max.saturating_mul(times)
            }
            "operations_per_poll_max" => {
                limits.operations_per_poll_max = self.operations_per_poll_max.saturating_mul(times);
            }
            "livelock_timeouts" | "livelock_min" => {
                limits.livelock_timeouts = self.livelock_timeouts.saturating_mul(TIMES);
                limits.livelock_min = self.livelock_min.saturating_mul(TIMES);
            }
            "starvation_per_ready" | "starvation_min" => {
                limits.starvation_per_ready = self.starvation_per_ready.saturating_mul(times);
                limits.starvation_min = self.starvation_min.saturating_mul(times);
            }
            _ => return None,
        }
        Some(limits)
    }

    /// How long a settled run may go on without progress, if this is the longest timeout of the program; and which bound that is.
    pub(crate) fn livelock_of(&self, timeout_max: Duration) -> (Duration, LimitReached) {
        let by_timeouts = timeout_max.saturating_mul(self.livelock_timeouts);
        let name_and_bound = if by_timeouts > self.livelock_min {
            ("livelock_timeouts", Bound::Count(u64::from(self.livelock_timeouts)))
        } else {
            ("livelock_min", Bound::Time(self.livelock_min))
        };
        let reached = LimitReached::new(
            name_and_bound,
            "no `progress!` was passed for so long after all faults had ended: a livelock",
        );
        (by_timeouts.max(self.livelock_min), reached)
    }

    /// After how many polls of other tasks a ready task starves, if so many were ready at one time.
    pub(crate) fn starvation_of(&self, ready: usize) -> u64 {
        self.starvation_per_ready.saturating_mul(ready as u64).max(self.starvation_min)
    }

    /// The operations in one poll after which its task never waits, if so many tasks were alive at one time: who has spawned
    /// many may join them all at once.
    pub(crate) fn operations_per_poll_of(&self, tasks: usize) -> u64 {
        for_tasks(self.operations_per_poll_max, tasks)
    }
}

/// So much for each ten thousand tasks, or part of that.
fn for_tasks(bound: u64, tasks: usize) -> u64 {
    const TASKS: u64 = 10_000;
    bound.saturating_mul(1 + tasks as u64 / TASKS)
}

impl LimitReached {
    fn new((name, bound): (&'static str, Bound), meaning: &'static str) -> Self {
        LimitReached { name, bound, meaning }
    }

    /// Whether it is a bound on virtual time.
    pub(crate) fn is_of_time(&self) -> bool {
        matches!(self.name, "virtual_time_max" | "progress_max" | "livelock_timeouts" | "livelock_min")
    }

    /// Whether it is the bound on the number of polls.
    pub(crate) fn is_of_polls(&self) -> bool {
        self.name == "polls_max"
    }

    pub(crate) fn virtual_time(limits: &Limits) -> Self {
        LimitReached::new(
            ("virtual_time_max", Bound::Time(limits.virtual_time_max)),
            "the program was still waiting for a later time; raise it if it should",
        )
    }

    pub(crate) fn progress(limits: &Limits) -> Self {
        LimitReached::new(
            ("progress_max", Bound::Time(limits.progress_max)),
            "the program is at work and does not get on, since no `progress!` was passed for so long: a livelock",
        )
    }

    pub(crate) fn polls(limits: &Limits) -> Self {
        LimitReached::new(
            ("polls_max", Bound::Count(limits.polls_max)),
            "the program does not come to an end",
        )
    }

    pub(crate) fn polls_per_instant(limits: &Limits) -> Self {
        LimitReached::new(
            ("polls_per_instant_max", Bound::Count(limits.polls_per_instant_max)),
            "virtual time cannot advance, since some task is always ready: a busy loop",
        )
    }

    pub(crate) fn drops(limits: &Limits) -> Self {
        LimitReached::new(
            ("polls_per_instant_max", Bound::Count(limits.polls_per_instant_max)),
            "at the end of the run, the Drop code of tasks spawns others again and again",
        )
    }

    pub(crate) fn operations_per_poll(limits: &Limits) -> Self {
        LimitReached::new(
            ("operations_per_poll_max", Bound::Count(limits.operations_per_poll_max)),
            "a task goes on and on in one poll, since nothing makes it wait; let it yield",
        )
    }

    pub(crate) fn tasks(limits: &Limits) -> Self {
        LimitReached::new(
            ("tasks_max", Bound::Count(limits.tasks_max as u64)),
            "too many tasks are alive at one time",
        )
    }

    pub(crate) fn timers(limits: &Limits) -> Self {
        LimitReached::new(
            ("timers_max", Bound::Count(limits.timers_max as u64)),
            "too many timers are pending at one time",
        )
    }

    pub(crate) fn records(limits: &Limits) -> Self {
        LimitReached::new(
            ("records_max", Bound::Count(limits.records_max as u64)),
            "the trace is too long; trace a shorter run",
        )
    }

    pub(crate) fn decisions(limits: &Limits) -> Self {
        LimitReached::new(
            ("decisions_max", Bound::Count(limits.decisions_max as u64)),
            "the recording is too long; record a shorter run",
        )
    }

    pub(crate) fn starvation(limits: &Limits, ready: usize) -> Self {
        let name_and_bound = if limits.starvation_of(ready) > limits.starvation_min {
            ("starvation_per_ready", Bound::Count(limits.starvation_per_ready))
        } else {
            ("starvation_min", Bound::Count(limits.starvation_min))
        };
        LimitReached::new(
            name_and_bound,
            "a ready task is not polled under an order that is fair: it starves",
        )
    }
}
