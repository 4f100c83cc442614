//! Holding a node's CPU.

use std::time::Duration;

use super::{NodeId, with};
use crate::clock::Instant;

/// Lets the current task hold its node's CPU when it returns from its poll; gives the time at which that is over.
///
/// # Panics
/// Outside a task.
pub(crate) fn hold_cpu(duration: Duration) -> Instant {
    with(|run| run.core_mut().hold_cpu(duration))
}

/// Puts the clock of the current task's node ahead.
///
/// # Panics
/// Outside a task.
pub(crate) fn run_ahead(duration: Duration) {
    with(|run| run.core_mut().run_cpu_ahead(duration));
}

/// Holds a node's CPU for `duration` from outside of its tasks: what its event loop itself costs. Changes nothing if the CPU
/// is held already.
///
/// # Panics
/// Outside a run, if the run has no node of that number, or in a task of that node, which uses [`time::block`](crate::time::block).
pub fn hold_node(node: NodeId, duration: Duration) {
    with(|run| run.core_mut().hold_node(node, duration));
}
