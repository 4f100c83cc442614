//! Functions that block, on worker threads of their node.

use std::borrow::Cow;
use std::panic::Location;

use crate::context::{JoinHandle, Worker, on_node};
use crate::yield_now;

/// Runs a function that blocks on a worker thread of the node, which has a CPU of its own: it does not keep the node's
/// tasks waiting. What it costs is what it says with [`time::block_now`](crate::time::block_now); its result arrives
/// when that much virtual time has passed. It begins when the scheduler picks it, as any task does. There are as many
/// workers as are needed.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, spawn_blocking, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let digest = executor.block_on(async {
///     let digest = spawn_blocking(|| {
///         time::block_now(Duration::from_millis(300));
///         42
///     });
///     digest.await.unwrap()
/// });
/// assert_eq!(digest.unwrap(), 42);
/// assert_eq!(executor.now().to_string(), "0.300");
/// ```
///
/// Aborting it does what it does with tokio: a function that has not begun never will, one that has begun goes on, and its
/// handle gives its value.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn spawn_blocking<F, R>(function: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    on_worker("blocking".into(), function, Location::caller())
}

/// Runs a function that blocks, as a task with that name.
pub(crate) fn on_worker<F, R>(
    name: Cow<'static, str>,
    function: F,
    at: &'static Location<'static>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    let worker = Worker::take();
    let id = worker.id();
    let future = async move {
        let _busy = worker;
        let result = function();
        // The worker's clock is ahead of the world's by what the function has cost: it is polled again when the world has
        // caught up.
        yield_now().await;
        result
    };
    on_node(id, Some(name), future, at)
}
