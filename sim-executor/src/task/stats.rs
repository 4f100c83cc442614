//! Statistics of a task: how often it ran, how long it waited for that while it was ready.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::histogram::Histogram;
use crate::clock::Instant;

/// How often a task was polled, and how long it waited for its polls while it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStats {
    /// The task's path of names.
    pub lineage: Rc<str>,
    /// The hash of that path, as [`Candidate::lineage`](crate::Candidate::lineage) has it.
    pub lineage_hash: u64,
    /// How often it was polled.
    pub polls: u64,
    /// The most polls of other tasks between the moment it became ready and its poll.
    pub waited_polls_max: u64,
    /// All those polls of other tasks.
    pub waited_polls_total: u64,
    /// The longest virtual time between the moment it became ready and its poll; above zero only where a CPU was held.
    pub waited_time_max: Duration,
    /// How often it waited for how many polls of other tasks.
    pub waited_polls: Histogram,
    /// How often it waited for how many nanoseconds of virtual time.
    pub waited_nanos: Histogram,
    /// The longest virtual time between two of its polls, whatever it waited for; or before its first one.
    pub gap_max: Duration,
}

/// How long a task has waited so far, where statistics are kept.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// How many polls the run had seen when the task became ready, and when that was.
    ready_since: u64,
    ready_at: Instant,
    polls_total: u64,
    polls: Histogram,
    nanos: Histogram,
    gap_max: Duration,
}

impl Waits {
    /// The task becomes ready.
    pub(crate) fn begin(&mut self, polls: u64, now: Instant) {
        (self.ready_since, self.ready_at) = (polls, now);
    }

    /// The task is polled. If it held the CPU and goes on, it has not waited.
    pub(crate) fn end(&mut self, has_waited: bool, polled_before: Option<Instant>, polls: u64, now: Instant) {
        if has_waited {
            let polls = polls - self.ready_since;
            self.polls_total += polls;
            self.polls.add(polls);
            self.nanos.add(now.as_nanos().saturating_sub(self.ready_at.as_nanos()));
        }
        let before = polled_before.unwrap_or(self.ready_at);
        self.gap_max = self.gap_max.max(now.saturating_duration_since(before));
    }

    /// For how many polls of other tasks a ready task has waited, after so many polls of the run.
    pub(crate) fn so_far(&self, polls: u64) -> u64 {
        polls - self.ready_since
    }

    /// The same, if virtual time has stood still meanwhile.
    pub(crate) fn within_instant(&self, polls: u64, now: Instant) -> Option<u64> {
        (self.ready_at == now).then(|| self.so_far(polls))
    }

    /// What came of it, of a task with that name and so many polls.
    pub(crate) fn stats(&self, (lineage, lineage_hash): (Rc<str>, u64), polls: u64) -> TaskStats {
        TaskStats {
            lineage,
            lineage_hash,
            polls,
            waited_polls_max: self.polls.greatest(),
            waited_polls_total: self.polls_total,
            waited_time_max: Duration::from_nanos(self.nanos.greatest()),
            waited_polls: self.polls.clone(),
            waited_nanos: self.nanos.clone(),
            gap_max: self.gap_max,
        }
    }
}

/// Statistics as text: a line for each task, for a snapshot or a person.
///
/// ```
/// use sim_executor::{Config, Executor, Outcome, ProductionOrder, StatsTable, spawn_named, time, yield_now};
/// use std::time::Duration;
///
/// let mut executor = Executor::with_config(Config { stats: true, ..Config::default() }, ProductionOrder);
/// let heart = async {
///     let beats = spawn_named("heart", time::sleep(Duration::from_millis(10)));
///     yield_now().await;
///     time::block(Duration::from_millis(500)).await; // a blocking call: the heart does not beat meanwhile
///     beats.await.unwrap();
/// };
/// executor.block_on(heart).unwrap();
/// let report = executor.finish(Outcome::Done);
/// assert_eq!(
///     StatsTable(&report.stats).to_string(),
///     "task        polls  waited: polls  waited: time  longest gap\n\
///      main/heart      2              1         0.490        0.500\n\
///      main            4              1         0.000        0.500\n"
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StatsTable<'a>(pub &'a [TaskStats]);

impl fmt::Display for StatsTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|task| task.lineage.chars().count()).max().unwrap_or(0).max(4);
        writeln!(out, "{:width$}  polls  waited: polls  waited: time  longest gap", "task")?;
        for task in self.0 {
            writeln!(
                out,
                "{:width$}  {:>5}  {:>13}  {:>12}  {:>11}",
                task.lineage,
                task.polls,
                task.waited_polls_max,
                Seconds(task.waited_time_max).to_string(),
                Seconds(task.gap_max).to_string()
            )?;
        }
        Ok(())
    }
}

/// How long tasks waited while they were ready, as a distribution: in how many waits out of a hundred it was no longer.
///
/// ```
/// use sim_executor::{Config, Executor, Outcome, ProductionOrder, WaitsTable, spawn_named, yield_now};
///
/// let mut executor = Executor::with_config(Config { stats: true, ..Config::default() }, ProductionOrder);
/// executor.block_on(async {
///     let tasks = ["one", "two"].map(|name| spawn_named(name, async { for _ in 0..9 { yield_now().await } }));
///     for task in tasks {
///         task.await.unwrap();
///     }
/// }).unwrap();
/// let report = executor.finish(Outcome::Done);
/// assert_eq!(
///     WaitsTable(&report.stats).to_string(),
///     "task      waits  polls: 50 %  90 %  99 %  longest  time: 50 %   90 %   99 %  longest\n\
///      main/one     10            1     1     1        1       0.000  0.000  0.000    0.000\n\
///      main/two     10            1     1     1        1       0.000  0.000  0.000    0.000\n\
///      main          2            0     1     1        1       0.000  0.000  0.000    0.000\n"
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WaitsTable<'a>(pub &'a [TaskStats]);

impl fmt::Display for WaitsTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|task| task.lineage.chars().count()).max().unwrap_or(0).max(4);
        writeln!(
            out,
            "{:width$}  waits  polls: 50 %  90 %  99 %  longest  time: 50 %   90 %   99 %  longest",
            "task"
        )?;
        for task in self.0 {
            let polls = |percent| task.waited_polls.percentile(percent);
            let time =
                |percent| Seconds(Duration::from_nanos(task.waited_nanos.percentile(percent))).to_string();
            write!(out, "{:width$}  {:>5}", task.lineage, task.waited_polls.count())?;
            write!(out, "  {:>11}  {:>4}  {:>4}  {:>7}", polls(50), polls(90), polls(99), polls(100))?;
            writeln!(out, "  {:>10}  {:>5}  {:>5}  {:>7}", time(50), time(90), time(99), time(100))?;
        }
        Ok(())
    }
}

/// A duration in seconds, as the trace has its times: with three decimals.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:03}", self.0.as_secs(), self.0.subsec_millis())
    }
}
