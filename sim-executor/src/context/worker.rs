//! Worker threads of a node: CPUs beside its own.

use super::{try_with, with};
use crate::task::NodeId;

/// A worker of the current node that has something to do; given back when it is dropped.
pub(crate) struct Worker(NodeId);

impl Worker {
    /// One that is idle, or a new one.
    #[track_caller]
    pub(crate) fn take() -> Self {
        Worker(with(|run| run.core_mut().take_worker()))
    }

    pub(crate) fn id(&self) -> NodeId {
        self.0
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        try_with(|run| run.core_mut().nodes.give_worker_back(self.0));
    }
}
