//! Deterministic simulation tests for async Rust.
//!
//! A test is run many times: first in production order, which is what an undisturbed machine would most likely do, then
//! once for each of a number of seeds. A seed decides all that the real world decides by chance: which ready task runs
//! next, how late a packet is, what the program draws. Time is virtual, so a test that waits an hour takes no time; the
//! same seed gives the same run, on every machine.
//!
//! ```
//! use seedbed::{spawn, time};
//! use std::{cell::Cell, rc::Rc, time::Duration};
//!
//! // In a test file this would be: #[seedbed::test(seeds = 50)] async fn no_increment_is_lost() { … }
//! seedbed::sweep("no_increment_is_lost", 50, || async {
//!     let count = Rc::new(Cell::new(0));
//!     let workers = [(); 2].map(|()| {
//!         let count = Rc::clone(&count);
//!         spawn(async move {
//!             time::sleep(Duration::from_secs(1)).await;
//!             count.set(count.get() + 1);
//!         })
//!     });
//!     for worker in workers {
//!         worker.await.unwrap();
//!     }
//!     assert_eq!(count.get(), 2);
//! });
//! ```
//!
//! When a run fails, it is made again: with a trace, on another thread, and alone in a new process. The test shows the end of
//! its event log, what went wrong, which tasks were pending, whether all these runs were the same, and one line that makes this
//! very run again: `SEEDBED_SEED=17 cargo test no_increment_is_lost -p bank --lib -- --exact`. With `SEEDBED_SEED` set, only that
//! run is made and its whole event log is printed (to see that of a run which passes, add `-- --nocapture`);
//! `SEEDBED_TRACE=all` prints every step of every task and every packet, `SEEDBED_TRACE=wakes` also who wakes whom.
//!
//! A run that fails is shrunk and written to `tests/simfail` of the package. The file is replayed first by each later run of the
//! test, and `SEEDBED_REPLAY=tests/simfail/….simfail` makes its run alone.
//!
//! Futures need not be `Send`. In a test, use this crate's [`spawn`], [`time`], `net`, [`choose`] and [`select!`] in place
//! of a runtime's; what stands still on a real clock, on threads or in a `HashMap`'s order cannot be replayed, and is
//! found out: one run in ten is made twice, in other circumstances, and both must be equal.

pub use seedbed_macros::test;
pub use sim_executor::{
    AwaitLook, AwaitSite, Buggify, Cancellable, Cancelled, Clock, Config, Crash, DeadWakers, Deadlock, Event,
    Eventually, Executor, Fault, Faults, Histogram, Instant, KeyedRandom, Label, Leaks, Life, LimitReached,
    Limits, MayCrash, Node, NodeId, NodeReport, Outage, Outcome, PendingTask, ProductionOrder, Property,
    PropertyKind, Ratio, Record, Recording, Replay, Report, RestartOnPanic, RunError, Settle, SimRng, Source,
    Span, StackFrame, StatsTable, TaskStats, Trace, TraceLevel, Violated, WaitChain, WaitsTable, World,
    always, assert_no_starvation, buggify, cancellable, check_invariants, choose, choose_at, choose_between,
    context, decision_point, event, eventually, flip, invariant, join, many, pick, progress, reachable, rng,
    run_in_background, select, settle, shuffle, signal, sometimes, span, spawn, spawn_blocking, spawn_named,
    spawn_telling, stop, task_local, try_join, unique_rng, unreachable, yield_now,
};
pub use sim_explorer::{AWAITS, DeviantRun, Each, PropertyTally, Recipe, RunSeed, Strategy, SweepBy};

#[cfg(feature = "net")]
pub mod net;

/// Pins a future to the stack: `tokio::pin!`.
#[cfg(feature = "tokio")]
pub use tokio::pin;

#[cfg(any(feature = "hyper", feature = "rustls", feature = "tungstenite"))]
pub mod adapters;
mod advice;
mod around_poll;
mod causes;
mod divergence;
mod environment;
mod failed_run;
pub mod fuzz;
mod macros;
mod panic_hook;
#[cfg(feature = "posix")]
pub mod posix;
#[cfg(feature = "proptest")]
pub mod property;
mod real_threads;
mod reproduce;
mod simfail;
#[cfg(feature = "insta")]
#[doc(hidden)]
pub mod snapshot;
mod sweep;
#[cfg(feature = "tokio")]
pub mod sync;
pub mod task;
mod test_output;
pub mod time;
pub mod watchdog;

pub use divergence::{DecisionDifference, Difference, DivergedTask, Divergence};
pub use environment::{Environment, EnvironmentError};
pub use failed_run::{Again, FailedRun};
pub use panic_hook::{PanicsInside, install_panic_hook};
#[cfg(feature = "posix")]
pub use posix::process;
pub use real_threads::Outside;
pub use reproduce::TestCommand;
#[doc(hidden)]
pub use reproduce::TestSite;
pub use simfail::Kept;
#[cfg(feature = "insta")]
pub use snapshot::Snapshot;
#[doc(hidden)]
pub use sweep::run_test;
pub use sweep::{NeverHit, Passed, Sweep, SweepError, sweep};
pub use test_output::TestOutput;

/// The node with that name, which is created if there is none.
///
/// ```
/// use seedbed::{Executor, ProductionOrder, context};
///
/// let lineage = Executor::new(ProductionOrder).block_on(async {
///     let worker = seedbed::node("server").spawn_named("worker", async { context::current_lineage() });
///     worker.await.unwrap()
/// });
/// assert_eq!(&*lineage.unwrap(), "server/worker");
/// ```
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn node(name: &str) -> Node {
    Node::named(name)
}
