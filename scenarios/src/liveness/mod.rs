//! Programs that do not get on, each in its own way: what the checks of docs/liveness.md find.

pub(crate) mod busy_loop;
pub(crate) mod dead_waker;
pub(crate) mod hog;
pub(crate) mod livelock;
pub(crate) mod lost_wakeup;
pub(crate) mod response;
pub(crate) mod task_leak;

use sim_explorer::Violation;

/// What went wrong in a task, or in a socket, in words.
fn failed(what: impl std::fmt::Display) -> Violation {
    Violation::new(what)
}
