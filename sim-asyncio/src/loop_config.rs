//! How an event loop is made.

use std::time::Duration;

use crate::timer_heap::TieOrder;

/// How a loop is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopConfig {
    /// In which order timers with equal deadlines fire. Default: that of their creation.
    pub ties: TieOrder,
    /// Iterations of the node after which the loop ends its run as a livelock. Default: no bound of its own, since the
    /// executor's limits hold anyway.
    pub iterations_max: u64,
    /// Virtual time that the loop itself needs for each iteration, before it looks at its timers. Default: none.
    pub iteration_cost: Duration,
    /// Whether no handle runs before [`EventLoop::run_forever`](crate::EventLoop::run_forever): for a loop in a thread of its own. Default: no.
    pub waits_for_run: bool,
}

impl Default for LoopConfig {
    fn default() -> Self {
        LoopConfig {
            ties: TieOrder::Creation,
            iterations_max: u64::MAX,
            iteration_cost: Duration::ZERO,
            waits_for_run: false,
        }
    }
}
