//! A task that is there for others only.

use crate::context;

/// Says that the current task is there for others only, from now on: a heartbeat, a sweeper, a reporter. Where nothing else has anything to
/// wait for, the run is a deadlock although such a task goes on; and it is no leak when it is left at the end.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, run_in_background, spawn_named, time};
/// use std::time::Duration;
///
/// let ended = Executor::new(ProductionOrder).block_on(async {
///     let beats = async {
///         run_in_background();
///         loop { time::sleep(Duration::from_secs(1)).await; }
///     };
///     drop(spawn_named("heart", beats));
///     std::future::pending::<()>().await; // Waits for nothing, though the heart beats.
/// });
/// assert!(ended.unwrap_err().to_string().starts_with("at 0.000: deadlock"));
/// ```
///
/// # Panics
/// Outside a run. Outside of its tasks it does nothing.
pub fn run_in_background() {
    context::run_in_background();
}
