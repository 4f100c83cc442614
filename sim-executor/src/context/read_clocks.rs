//! Reading the clocks of a node, for who answers a program's system calls.

use std::time::Duration;

use super::clocks::{clock_now, system_now};
use crate::clock::Instant;

/// The monotonic clock of the current node, and the time since 1970 on its wall clock. It is no call that counts, as
/// [`time::now`](crate::time::now) is, so that it never unwinds: who calls may be code that cannot.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn read_clocks() -> (Instant, Duration) {
    (clock_now(), system_now())
}

/// Whether the source of the run wants tasks to stop at decision points: see [`stop_at`](super::stop_at). Not so outside of
/// runs.
#[must_use]
pub fn wants_decision_points() -> bool {
    super::CURRENT.with(|current| current.wanted.decision_points.get())
}
