//! Spawning tasks.

use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;

use super::join::JoinHandle;
use super::with;
use crate::choice::TaskId;
use crate::limits::LimitReached;
use crate::run::Run;
use crate::task::{NodeId, shorten};

/// Spawns a task on the current node. Its name is a short form of the future's type: `worker` for what
/// `async fn worker` gives. It is polled when its turn comes, never inside `spawn`.
///
/// # Panics
/// Outside a run, and where [`Limits::tasks_max`](crate::Limits::tasks_max) is reached.
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
/// Outside a run, and where [`Limits::tasks_max`](crate::Limits::tasks_max) is reached.
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_as(Some(name.into()), future, Location::caller())
}

#[inline]
#[track_caller]
fn spawn_as<F>(
    name: Option<Cow<'static, str>>,
    future: F,
    at: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    with(|run| {
        let task = run.core_mut().spawn(name, future, at);
        handle_of(run, task)
    })
}

/// Spawns a task whose name is the short form of another type's name: that of the future which it wraps.
#[track_caller]
pub(crate) fn spawn_named_as<F>(full_name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_as(Some(Cow::Borrowed(shorten(full_name))), future, Location::caller())
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
        let task = run.core_mut().spawn_on(node, name, future, at);
        handle_of(run, task)
    })
}

/// The handle of a task that was just spawned.
///
/// # Panics
/// If there was no room for it.
#[inline]
fn handle_of<T>(run: &Run, task: TaskId) -> JoinHandle<T> {
    if task.is_refused() {
        refuse(run);
    }
    JoinHandle::new(task, run.tag())
}

/// Ends the poll in which a task was spawned for which there is no room; the run ends with it. Where a panic would end the process,
/// or the run is at its end, the handle of no task does as well.
#[cold]
#[inline(never)]
fn refuse(run: &Run) {
    let (limit, is_over) = {
        let core = run.core();
        (LimitReached::tasks(core.verdict.limits()), core.decisions.is_over())
    };
    assert!(is_over || std::thread::panicking(), "{limit}");
}

/// Spawns the task of a `block_on`, which bears the name of the node `main`.
pub(crate) fn spawn_root<F>(future: F, at: &'static Location<'static>) -> (TaskId, JoinHandle<F::Output>)
where
    F: Future + 'static,
{
    with(|run| {
        let task = run.core_mut().spawn_root(future, at);
        (task, JoinHandle::new(task, run.tag()))
    })
}
