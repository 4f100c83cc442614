//! Statistics of a task: how often it ran, how long it waited for that while it was ready.

use std::rc::Rc;
use std::time::Duration;

/// How often a task was polled, and how long it waited for its polls while it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStats {
    /// The task's path of names.
    pub lineage: Rc<str>,
    /// How often it was polled.
    pub polls: u64,
    /// The most polls of other tasks between the moment it became ready and its poll.
    pub waited_polls_max: u64,
    /// All those polls of other tasks.
    pub waited_polls_total: u64,
    /// The longest virtual time between the moment it became ready and its poll; above zero only where a CPU was held.
    pub waited_time_max: Duration,
}
