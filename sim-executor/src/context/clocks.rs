//! The clocks of nodes, as a program sets and reads them.

use std::time::Duration;

use super::node::Node;
use super::with;
use crate::clock::{DRIFT_PPB_MAX, Instant};
use crate::run::Clock;

impl Node {
    /// Sets how the node's clocks differ from the world's. The monotonic clock, [`time::now`](crate::time::now), does not
    /// jump: it drifts from now on, and the node's timers are due by it, those that are set already too. The wall clock,
    /// [`time::system_now`](crate::time::system_now), drifts with it and has the offset besides.
    ///
    /// ```
    /// use sim_executor::{Clock, Executor, Node, ProductionOrder, context, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let slow = executor.block_on(async {
    ///     let node = Node::named("slow");
    ///     node.set_clock(Clock { drift_ppb: -1_000_000, ..Clock::default() });
    ///     node.spawn(async {
    ///         time::sleep(Duration::from_secs(999)).await;
    ///         context::now()
    ///     }).await.unwrap()
    /// });
    /// assert_eq!(slow.unwrap().to_string(), "1000.000", "of the world's time");
    /// ```
    ///
    /// # Panics
    /// Outside the node's run, or if the drift is out of its bounds.
    pub fn set_clock(&self, clock: Clock) {
        let Clock { drift_ppb, .. } = clock;
        assert!(
            drift_ppb.unsigned_abs() <= DRIFT_PPB_MAX.unsigned_abs(),
            "drift_ppb {drift_ppb} is more than {DRIFT_PPB_MAX} either way"
        );
        self.with(|run| run.core_mut().set_clock(self.id(), clock));
    }

    /// Lets the node's wall clock jump by so many nanoseconds, back if that is negative. Timers are not concerned.
    ///
    /// # Panics
    /// Outside the node's run.
    pub fn step_clock(&self, nanos: i64) {
        self.with(|run| run.core_mut().step_clock(self.id(), nanos));
    }

    /// How the node's clocks differ from the world's, with all steps since.
    ///
    /// # Panics
    /// Outside the node's run.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.with(|run| run.core().clock_of(self.id()))
    }
}

/// The time on the monotonic clock of the current node.
#[inline]
#[track_caller]
pub(crate) fn clock_now() -> Instant {
    with(|run| run.core().clock_now())
}

/// The time since 1970 on the wall clock of the current node.
pub(crate) fn system_now() -> Duration {
    with(|run| run.core().system_now())
}

/// Notes whether the program has tokio's clock paused; what it said before.
#[track_caller]
pub(crate) fn set_paused(is_paused: bool) -> Option<bool> {
    with(|run| run.core_mut().time.set_paused(is_paused))
}

/// Whether the program has tokio's clock paused, if it has said so.
pub(crate) fn is_paused() -> Option<bool> {
    with(|run| run.core().time.is_paused())
}
