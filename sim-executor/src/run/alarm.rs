//! What is due at a point in time, besides what devices do.

use std::task::Waker;

use crate::choice::TaskId;
use crate::task::{Crash, NodeId};

/// What is due at a point in time.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// A timer of a task.
    Task(TaskId),
    /// A timer of a future with a waker of another library.
    Wake { waker: Waker, cpu: u32 },
    /// The end of a hold of a node's CPU.
    Release(u32),
    /// The begin of the phase in which the run settles.
    Settle,
    /// What was set for a node.
    Fate(NodeId, Fate),
}

/// What happens to a node at a time that was set before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Crash(Crash),
    Start,
    Thaw,
}
