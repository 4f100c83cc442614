//! Worker threads of a node: CPUs beside its own.

use super::{RunTag, with};
use crate::task::NodeId;

/// A worker of the current node that has something to do; given back when it is dropped.
pub(crate) struct Worker {
    id: NodeId,
    run: RunTag,
}

impl Worker {
    /// One that is idle, or a new one.
    #[track_caller]
    pub(crate) fn take() -> Self {
        with(|run| Worker { id: run.core_mut().take_worker(), run: run.tag() })
    }

    pub(crate) fn id(&self) -> NodeId {
        self.id
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.run.is_current() {
            with(|run| run.core_mut().nodes.give_worker_back(self.id));
        }
    }
}
