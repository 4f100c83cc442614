//! Spawning tasks.

use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;

use super::join::JoinHandle;
use super::run::Core;
use super::with;
use crate::choice::{LineageId, TaskId};
use crate::task::{NewTask, NodeId};

/// Spawns a task on the current node. Its name is a short form of the future's type: `worker` for what
/// `async fn worker` gives. It is polled when its turn comes, never inside `spawn`.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_as(None, future, Location::caller())
}

/// Spawns a task with a name on the current node. Siblings of one name are told apart by their number: `conn`, `conn#2`.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_as(Some(name.into()), future, Location::caller())
}

impl Core {
    /// Adds a task, which is not ready yet, as a child of an actor.
    #[inline]
    fn spawn_child<F>(
        &mut self,
        node: NodeId,
        parent: LineageId,
        name: Option<Cow<'static, str>>,
        future: F,
        spawned_at: &'static Location<'static>,
    ) -> TaskId
    where
        F: Future + 'static,
    {
        let kind = self.kinds.of::<F>();
        let lineage = match name {
            Some(name) => self.lineages.child(parent, name),
            None => {
                let (name, hash) = self.kinds.name(kind);
                self.lineages.child_hashed(parent, Cow::Borrowed(name), hash)
            }
        };
        self.spawn_future(node, lineage, kind, future, spawned_at)
    }

    #[inline]
    fn spawn_future<F>(
        &mut self,
        node: NodeId,
        lineage: LineageId,
        kind: u32,
        future: F,
        spawned_at: &'static Location<'static>,
    ) -> TaskId
    where
        F: Future + 'static,
    {
        let memory = self.kinds.memory_for(kind, future);
        let lineage_hash = self.lineages.hash(lineage);
        self.spawn(NewTask { node: node.0, kind, lineage, lineage_hash, memory, spawned_at })
    }
}

#[inline]
fn spawn_as<F>(
    name: Option<Cow<'static, str>>,
    future: F,
    at: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    with(|run| {
        let mut core = run.core.borrow_mut();
        let (parent, node) = (core.current_actor(), core.host_of_current());
        let task = core.spawn_child(node, parent, name, future, at);
        core.make_ready(task);
        JoinHandle::new(task)
    })
}

/// Spawns a task on a node, as a child of the node.
pub(crate) fn on_node<F>(
    node: NodeId,
    name: Option<Cow<'static, str>>,
    future: F,
    at: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    with(|run| {
        let mut core = run.core.borrow_mut();
        let parent = core.nodes[node.index()].lineage;
        let task = core.spawn_child(node, parent, name, future, at);
        core.make_ready(task);
        JoinHandle::new(task)
    })
}

/// Spawns the task of a `block_on`, which bears the name of the node `main`.
pub(crate) fn spawn_root<F>(future: F, at: &'static Location<'static>) -> (TaskId, JoinHandle<F::Output>)
where
    F: Future + 'static,
{
    with(|run| {
        let mut core = run.core.borrow_mut();
        let (lineage, kind) = (core.nodes[0].lineage, core.kinds.of::<F>());
        core.lineages.retain(lineage);
        let task = core.spawn_future(NodeId(0), lineage, kind, future, at);
        core.make_ready(task);
        (task, JoinHandle::new(task))
    })
}
