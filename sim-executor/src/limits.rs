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
    /// Whether it is a bound on virtual time.
    pub(crate) fn is_of_time(&self) -> bool {
        matches!(self.name, "virtual_time_max" | "progress_max")
    }

    /// Whether it is the bound on the number of polls.
    pub(crate) fn is_of_polls(&self) -> bool {
        self.name == "polls_max"
    }

    pub(crate) fn virtual_time(limits: &Limits) -> Self {
        LimitReached {
            name: "virtual_time_max",
            bound: Bound::Time(limits.virtual_time_max),
            meaning: "the program was still waiting for a later time; raise it if it should",
        }
    }

    pub(crate) fn progress(limits: &Limits) -> Self {
        LimitReached {
            name: "progress_max",
            bound: Bound::Time(limits.progress_max),
            meaning: "the program is at work and does not get on, since no `progress!` was passed for so long: a livelock",
        }
    }

    pub(crate) fn polls(limits: &Limits) -> Self {
        LimitReached {
            name: "polls_max",
            bound: Bound::Count(limits.polls_max),
            meaning: "the program does not come to an end",
        }
    }

    pub(crate) fn polls_per_instant(limits: &Limits) -> Self {
        LimitReached {
            name: "polls_per_instant_max",
            bound: Bound::Count(limits.polls_per_instant_max),
            meaning: "virtual time cannot advance, since some task is always ready: a busy loop",
        }
    }

    pub(crate) fn drops(limits: &Limits) -> Self {
        LimitReached {
            name: "polls_per_instant_max",
            bound: Bound::Count(limits.polls_per_instant_max),
            meaning: "at the end of the run, the Drop code of tasks spawns others again and again",
        }
    }

    pub(crate) fn operations_per_poll(limits: &Limits) -> Self {
        LimitReached {
            name: "operations_per_poll_max",
            bound: Bound::Count(limits.operations_per_poll_max),
            meaning: "a task goes on and on in one poll, since nothing makes it wait; let it yield",
        }
    }

    pub(crate) fn tasks(limits: &Limits) -> Self {
        LimitReached {
            name: "tasks_max",
            bound: Bound::Count(limits.tasks_max as u64),
            meaning: "too many tasks are alive at one time",
        }
    }

    pub(crate) fn timers(limits: &Limits) -> Self {
        LimitReached {
            name: "timers_max",
            bound: Bound::Count(limits.timers_max as u64),
            meaning: "too many timers are pending at one time",
        }
    }

    pub(crate) fn records(limits: &Limits) -> Self {
        LimitReached {
            name: "records_max",
            bound: Bound::Count(limits.records_max as u64),
            meaning: "the trace is too long; trace a shorter run",
        }
    }

    pub(crate) fn decisions(limits: &Limits) -> Self {
        LimitReached {
            name: "decisions_max",
            bound: Bound::Count(limits.decisions_max as u64),
            meaning: "the recording is too long; record a shorter run",
        }
    }
}
