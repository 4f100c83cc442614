//! A virtual-clock executor whose every decision is a named, recorded choice.
//!
//! A run is a pure function of its choices: same program, same choices, same run. Time is virtual and jumps to what is due
//! next; which ready task is polled, and whatever else the world decides by chance, is asked of a [`Source`].
//!
//! ```
//! use sim_executor::{Executor, KeyedRandom, event, spawn, yield_now};
//!
//! let run = |seed| {
//!     let mut executor = Executor::new(KeyedRandom::new(seed));
//!     executor
//!         .block_on(async {
//!             let other = spawn(async { event!("other") });
//!             yield_now().await;
//!             event!("main");
//!             other.await.unwrap();
//!         })
//!         .unwrap();
//!     executor.hash()
//! };
//! assert_eq!(run(1), run(1));
//! ```

mod around;
mod assertions;
mod await_site;
mod background;
mod block_in_place;
mod cancellable;
mod choice;
mod clock;
mod config;
pub mod context;
pub mod coop;
mod decision_point;
mod device;
mod draw;
mod executor;
mod join;
mod join_set;
mod leaks;
mod limits;
mod local_set;
mod macros;
mod property;
mod reuse;
mod run;
mod select;
pub mod settle;
pub mod signal;
mod span;
mod spawn_blocking;
mod starvation;
mod task;
mod task_builder;
mod task_local;
mod telling;
pub mod time;
mod trace;
#[cfg(feature = "tracing")]
mod tracing_capture;
mod varied;
mod yield_now;

pub use around::{Around, PollOf, TellPollOf};
pub use assertions::{Eventually, check_invariants, invariant};
pub use await_site::{AwaitLook, AwaitSite, StackFrame};
pub use background::run_in_background;
pub use block_in_place::block_in_place;
pub use cancellable::{Cancellable, Cancelled, cancellable};
pub use choice::{
    Access, Candidate, Candidates, Decision, Domain, Eligibility, Fact, FactKinds, Fault, Faults, Key,
    KeyedDraws, KeyedRandom, Label, LineageId, Lineages, Name, Names, Needs, Order, Point, ProductionOrder,
    Ratio, Ready, ReadyId, ReadyTask, Recording, Replay, ReplayReport, Resource, RunEnd, RunHash, RunInfo,
    Source, TaskId, Value, hash_bytes, hash_str, mix, resolve,
};
pub use clock::{EventId, EventQueue, Instant, QueueFull};
pub use config::{Buggify, Config, DeadWakers};
pub use context::{
    AbortHandle, Activity, Clock, CpuHeld, JoinError, JoinHandle, MayCrash, Node, NodeId, NodeReport, Outage,
    OutsidePanic, PendingTask, RestartOnPanic, TaskPanic, WaitChain, current_id, spawn, spawn_named, stop,
    try_current_id,
};
pub use decision_point::{DecisionPoint, decision_point};
pub use device::{Device, Due, LeftOpen, LeftOpenKind};
pub use draw::{SimRng, choose, choose_at, choose_between, flip, pick, rng, shuffle, unique_rng};
pub use executor::{
    AtTenTimes, Blame, Deadlock, Executor, Leaked, Outcome, PendingTable, Report, RunError, World,
};
#[doc(hidden)]
pub use join::{MaybeDone, join_futures, maybe_done, take_error, take_output, take_value, try_join_futures};
pub use join_set::JoinSet;
pub use leaks::Leaks;
pub use limits::{Bound, LimitReached, Limits};
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub use property::{Property, PropertyKind, Violated};
pub use reuse::Reuse;
#[doc(hidden)]
pub use select::{Selecting, first_branch, in_turn, may_poll, select_branches};
pub use settle::Settle;
pub use span::{InSpan, Many, Span, many, span};
pub use spawn_blocking::spawn_blocking;
pub use starvation::assert_no_starvation;
pub use task::{Crash, Histogram, Life, StatsTable, TaskStats, WaitsTable};
pub use task_builder::{JoinSetBuilder, TaskBuilder};
pub use task_local::{AccessError, LocalKey, TaskLocalFuture};
pub use telling::spawn_telling;
pub use trace::{Event, Record, Trace, TraceLevel, node_of};
#[cfg(feature = "tracing")]
pub use tracing_capture::Capture;
pub use varied::Varied;
pub use yield_now::{YieldNow, yield_now};
