//! A clock that the test moves by hand, as tokio's `test-util` has it.

use std::time::Duration;

use super::block;
use crate::context;
use crate::yield_now;

/// Stops tokio's clock, so that time moves only where nothing is left to do. In a run time is like that always, so this only
/// checks what tokio's checks: a run counts as paused or not, as its program wishes, until it says so.
///
/// # Panics
/// Outside a run, or if the clock was paused before by this function.
#[track_caller]
pub fn pause() {
    let was = context::set_paused(true);
    assert!(was != Some(true), "time is already frozen");
}

/// Lets tokio's clock go on with the machine's after [`pause`]. In a run time stays virtual.
///
/// # Panics
/// Outside a run, or if the clock was resumed before by this function.
#[track_caller]
pub fn resume() {
    let was = context::set_paused(false);
    assert!(was != Some(false), "time is not frozen");
}

/// Moves the clock of the current node ahead at once: none of its tasks is polled between now and then. Timers that have
/// become due on the way are seen after it, all at the same time. As in tokio, a task that calls this comes back after the tasks of
/// those timers had their turn, but the future that the run was started with comes back before: it is polled first there, too.
///
/// For the other nodes and for the network it is as if the node's CPU were busy for that long: see [`block()`].
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, spawn, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let woken_at = executor.block_on(async {
///     let sleeper = spawn(async {
///         time::sleep(Duration::from_secs(1)).await;
///         time::elapsed()
///     });
///     sim_executor::yield_now().await;
///     time::advance(Duration::from_secs(60)).await;
///     assert!(!sleeper.is_finished());
///     sleeper.await.unwrap()
/// });
/// assert_eq!(woken_at.unwrap(), Duration::from_secs(60));
/// ```
///
/// # Panics
/// Outside a task, or after [`resume`].
pub async fn advance(duration: Duration) {
    assert!(context::is_paused() != Some(false), "time is not frozen");
    block(duration).await;
    // Behind what was ready; then the timers are seen.
    yield_now().await;
    if context::try_current_id().is_some() {
        // Behind their tasks.
        yield_now().await;
    }
}
