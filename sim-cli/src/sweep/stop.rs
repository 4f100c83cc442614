//! When a sweep leaves a program before all its seeds were run.

use std::num::NonZeroU64;
use std::time::Duration;

use super::rows::Row;
use crate::args::StopArgs;

/// When a program is left. Its runs are looked at in their order, so it is always the same runs that were made until then, except where time is
/// the reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StopRules {
    failures: Option<NonZeroU64>,
    time: Option<Duration>,
    nothing_new: Option<NonZeroU64>,
}

impl StopRules {
    pub(crate) fn new(args: &StopArgs) -> Self {
        let time = args.max_time.map(|seconds| Duration::from_secs(seconds.get()));
        StopRules { failures: args.stop_after, time, nothing_new: args.until_nothing_new }
    }

    /// Whether there are any.
    pub(crate) fn are_given(&self) -> bool {
        self.failures.is_some() || self.time.is_some() || self.nothing_new.is_some()
    }

    /// Whether the sweep has had its time.
    pub(super) fn is_out_of_time(&self, elapsed: Duration) -> bool {
        self.time.is_some_and(|time| elapsed >= time)
    }

    /// How much of its time the sweep has left, if that is bounded.
    pub(super) fn time_left(&self, elapsed: Duration) -> Option<Duration> {
        self.time.map(|time| time.saturating_sub(elapsed))
    }

    /// Whether enough was seen of a program.
    pub(super) fn is_enough(&self, row: &Row) -> bool {
        let distinct = row.tally.distinct.len() as u64;
        let idle = row.tally.runs.saturating_sub(row.runs_at_latest);
        self.failures.is_some_and(|failures| distinct >= failures.get())
            || self.nothing_new.is_some_and(|runs| idle >= runs.get())
    }
}
