//! Spawning tasks.

use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;

use super::join::JoinHandle;
use super::node::NodeId;
use super::run::Core;
use super::timer::Alarm;
use super::with;
use crate::choice::{LineageId, TaskId};
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::task::Stage;

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

/// Runs a function that blocks on a worker thread of the node, which has a CPU of its own: it does not keep the node's
/// tasks waiting. What it costs is what it says with [`time::block_now`](crate::time::block_now); its result arrives
/// when that much virtual time has passed. It begins when the scheduler picks it, as any task does. There are as many
/// workers as are needed.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn spawn_blocking<F, R>(function: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    let worker = with(|run| run.core.borrow_mut().take_worker());
    let future = async move {
        let _busy = BusyWorker(worker);
        let result = function();
        // The worker's clock is ahead of the world's by what the function has cost: it is polled again when the world has
        // caught up.
        crate::yield_now().await;
        result
    };
    on_node(worker, None, future, Location::caller())
}

/// Gives the worker back when its task has ended, in whatever way.
struct BusyWorker(NodeId);

impl Drop for BusyWorker {
    fn drop(&mut self) {
        super::try_with(|run| {
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

    fn child_lineage<F: 'static>(&mut self, parent: LineageId, name: Option<Cow<'static, str>>) -> LineageId {
        match name {
            Some(name) => self.lineages.child(parent, name),
            None => {
                let short = self.names.of::<F>();
                self.lineages.child_hashed(parent, Cow::Borrowed(short.name), short.hash)
            }
        }
    }
}

fn spawn_as<F>(
    name: Option<Cow<'static, str>>,
    future: F,
    at: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    let future = Box::pin(Stage::Running { future });
    with(|run| {
        let mut core = run.core.borrow_mut();
        let parent = core.current_actor();
        let node = core.host_of_current();
        let lineage = core.child_lineage::<F>(parent, name);
        let task = core.spawn(node.0, lineage, future, at);
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
    let future = Box::pin(Stage::Running { future });
    with(|run| {
        let mut core = run.core.borrow_mut();
        let parent = core.nodes[node.index()].lineage;
        let lineage = core.child_lineage::<F>(parent, name);
        let task = core.spawn(node.0, lineage, future, at);
        core.make_ready(task);
        JoinHandle::new(task)
    })
}

/// Spawns a task on the current node that is not ready before `start`: what an event loop's `call_at` is made of.
/// When the time comes it goes through the ready queue like a timer that is due.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn spawn_at<F>(start: Instant, name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    let at = Location::caller();
    let future = Box::pin(Stage::Running { future });
    with(|run| {
        let mut core = run.core.borrow_mut();
        let parent = core.current_actor();
        let node = core.host_of_current();
        let lineage = core.child_lineage::<F>(parent, Some(name.into()));
        let task = core.spawn(node.0, lineage, future, at);
        if core.timers.push(start, Alarm::Start(task)).is_err() {
            let limit = LimitReached::timers(&core.limits);
            core.limit_reached(limit);
        }
        JoinHandle::new(task)
    })
}

/// Spawns the task of a `block_on`, which bears the name of the node `main`.
pub(crate) fn spawn_root<F>(future: F, at: &'static Location<'static>) -> (TaskId, JoinHandle<F::Output>)
where
    F: Future + 'static,
{
    let future = Box::pin(Stage::Running { future });
    with(|run| {
        let mut core = run.core.borrow_mut();
        let lineage = core.nodes[0].lineage;
        core.lineages.retain(lineage);
        let task = core.spawn(0, lineage, future, at);
        core.make_ready(task);
        (task, JoinHandle::new(task))
    })
}
