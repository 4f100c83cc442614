//! Worker threads of a node: CPUs beside its own.

use super::run::Core;
use super::{try_with, with};
use crate::task::NodeId;

/// A worker of the current node that has something to do; given back when it is dropped.
pub(crate) struct Worker(NodeId);

impl Worker {
    /// One that is idle, or a new one.
    pub(crate) fn take() -> Self {
        Worker(with(|run| run.core.borrow_mut().take_worker()))
    }

    pub(crate) fn id(&self) -> NodeId {
        self.0
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        try_with(|run| {
            let mut core = run.core.borrow_mut();
            let host = core.nodes[self.0.index()].host;
            core.nodes[host.index()].idle_workers.push(self.0.0);
        });
    }
}

impl Core {
    fn take_worker(&mut self) -> NodeId {
        let host = self.host_of_current();
        let state = &mut self.nodes[host.index()];
        if let Some(worker) = state.idle_workers.pop() {
            return NodeId(worker);
        }
        state.workers += 1;
        let name = format!("{}/blocking#{}", state.name, state.workers);
        self.add_node(name.into(), Some(host))
    }
}
