//! What is said to who is outside of runs.

use std::rc::Rc;

use super::{CURRENT, current};
use crate::run::Run;

#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn outside() -> ! {
    if CURRENT.with(|current| current.was_in_run.get()) {
        panic!("this works only inside a run: in a task, or in Executor::enter")
    }
    panic!(
        "this works only inside a run, and this thread is in none. If a run has started the thread: \
         real threads have no part in it, so use seedbed::spawn, or seedbed::spawn_blocking for what blocks"
    )
}

/// Calls `what` with the current run, for a handle that may be left over from a run: `None` where there is none.
///
/// # Panics
/// On a thread that never was in a run. There a handle would do nothing, without a word.
#[inline]
#[track_caller]
pub(super) fn with_for_handle<R>(what: impl FnOnce(&Rc<Run>) -> R) -> Option<R> {
    match current() {
        Some(run) => Some(what(&run)),
        None if CURRENT.with(|current| current.was_in_run.get()) => None,
        None => outside(),
    }
}
