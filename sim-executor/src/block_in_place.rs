//! A function that blocks, in the midst of a task.

use crate::context;

/// Runs a function that blocks in the current task, as `tokio::task::block_in_place` does on a runtime of many threads.
///
/// A node has one CPU for its tasks. What the function costs with [`time::block_now`](crate::time::block_now) keeps the node's
/// other tasks waiting, where tokio would move them to another thread: [`spawn_blocking`](crate::spawn_blocking) does not.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, block_in_place, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let read = executor.block_on(async {
///     block_in_place(|| {
///         time::block_now(Duration::from_millis(8));
///         42
///     })
/// });
/// assert_eq!(read.unwrap(), 42);
/// ```
///
/// # Panics
/// In a [`LocalSet`](crate::LocalSet), as tokio does: its tasks cannot move.
#[track_caller]
pub fn block_in_place<F, R>(function: F) -> R
where
    F: FnOnce() -> R,
{
    let is_local = context::local_set().is_some();
    assert!(!is_local, "can call blocking only when running on the multi-threaded runtime");
    function()
}
