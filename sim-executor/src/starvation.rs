//! An assertion that no task starves.

use crate::context;
use crate::task::WaitsTable;

/// Asserts that up to now no task of the run, while it was ready, has waited for more than so many polls of other tasks. A task that waits
/// now counts with what it has waited so far.
///
/// It is for orders that are fair, such as production order: others, such as `pct`, let tasks wait on purpose.
///
/// ```
/// use sim_executor::{Config, Executor, ProductionOrder, assert_no_starvation, spawn_named, yield_now};
///
/// let config = Config { stats: true, ..Config::default() };
/// Executor::with_config(config, ProductionOrder).block_on(async {
///     let tasks = ["one", "two", "three"].map(|name| spawn_named(name, async { for _ in 0..99 { yield_now().await } }));
///     for task in tasks {
///         task.await.unwrap();
///     }
///     assert_no_starvation(2);
/// }).unwrap();
/// ```
///
/// # Panics
/// If one has: with the task, and a table of how long each waited. Outside a run, and if the run keeps no statistics:
/// [`Config::stats`](crate::Config), or `stats` in the attribute of a test.
#[track_caller]
pub fn assert_no_starvation(polls_max: u64) {
    let Some(starved) = context::longest_wait() else {
        panic!(
            "a run that keeps no statistics cannot tell who starves: set `Config::stats`, or `stats` in the attribute of the test"
        );
    };
    let Some((task, polls)) = starved.longest.filter(|(_, polls)| *polls > polls_max) else { return };
    panic!(
        "{task} starves: it waited for {polls} polls of other tasks while it was ready, and {polls_max} are allowed\n{}",
        WaitsTable(&starved.stats)
    );
}
