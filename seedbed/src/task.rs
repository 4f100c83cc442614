//! Tasks: spawning them, waiting for them, aborting them.

pub use sim_executor::coop::{Unconstrained, unconstrained};
pub use sim_executor::{
    AbortHandle, JoinError, JoinHandle, JoinSet, LocalEnterGuard, LocalKey, LocalSet, TaskBuilder as Builder,
    TaskId, TaskId as Id, TaskPanic, YieldNow, block_in_place, coop::consume_budget, current_id as id, spawn,
    spawn_blocking, spawn_local, spawn_named, try_current_id as try_id, yield_now,
};

/// What a task may do in one poll, and how a future takes part in that.
pub mod coop {
    pub use sim_executor::coop::{
        Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
        poll_proceed, unconstrained,
    };
}

/// What [`JoinSet`] is made with.
pub mod join_set {
    pub use sim_executor::{JoinSet, JoinSetBuilder as Builder};
}

/// The future of a scope of a [`LocalKey`].
pub mod futures {
    pub use sim_executor::TaskLocalFuture;
}
