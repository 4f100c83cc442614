//! Tasks: spawning them, waiting for them, aborting them.

pub use sim_executor::{
    AbortHandle, JoinError, JoinHandle, TaskId, TaskPanic, YieldNow, spawn, spawn_blocking, spawn_named,
    yield_now,
};
