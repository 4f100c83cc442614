//! What an event loop is at, for devices that act for one of them.

use super::with;
use crate::task::NodeId;

/// Whether the node has begun an iteration that is not over: it has not polled all of its batch, or its CPU is held after
/// the last of it. A device that acts for one event loop only, such as the loop's own timers, waits until then.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn is_mid_iteration(node: NodeId) -> bool {
    with(|run| {
        let core = run.core();
        let ready = core.polling.ready();
        !ready.is_between_iterations(node.0) || ready.is_held(node.0)
    })
}

/// Whether the node has nothing to do: its event loop sleeps until a timer or a device wakes it.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn is_idle(node: NodeId) -> bool {
    with(|run| run.core().polling.ready().is_idle(node.0))
}

/// How many iterations the node has begun. Where tasks run in another order than production's, each poll is one.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn iterations(node: NodeId) -> u64 {
    with(|run| run.core().polling.ready().iterations(node.0))
}
