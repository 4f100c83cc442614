//! The current instant.

use std::time::Duration;

use crate::clock::Instant;
use crate::context;

impl Instant {
    /// The virtual time, on the current node's monotonic clock: [`time::now`](crate::time::now), by tokio's name.
    ///
    /// ```
    /// use sim_executor::{Executor, Instant, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// let slept = Executor::new(ProductionOrder).block_on(async {
    ///     let begun = Instant::now();
    ///     time::sleep(Duration::from_secs(2)).await;
    ///     begun.elapsed()
    /// });
    /// assert_eq!(slept.unwrap(), Duration::from_secs(2));
    /// ```
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    #[track_caller]
    pub fn now() -> Instant {
        context::count_call();
        context::clock_now()
    }

    /// The virtual time since this instant, or zero if it is to come.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    #[track_caller]
    pub fn elapsed(&self) -> Duration {
        context::count_call();
        context::clock_now().saturating_duration_since(*self)
    }
}
