//! Which task is being polled, as tokio tells it.

use super::{CURRENT, try_with};
use crate::choice::TaskId;
use crate::task::Slot;

/// The id of the current task, as `tokio::task::id` gives it.
///
/// # Panics
/// Outside of a task. The future that a run was started with counts as such: in production it would be that of `block_on`, which
/// is no task.
#[must_use]
#[track_caller]
pub fn current_id() -> TaskId {
    try_current_id().expect("Can't get a task id when not inside a task")
}

/// The id of the current task, if there is one: see [`current_id`].
#[must_use]
pub fn try_current_id() -> Option<TaskId> {
    let dropped = CURRENT.with(|current| current.output_of.get());
    dropped.or_else(|| {
        try_with(|run| {
            let core = run.core();
            let is_root = core.polling.current_slot().is_some_and(Slot::is_root);
            core.polling.current().filter(|_| !is_root)
        })
        .flatten()
    })
}
