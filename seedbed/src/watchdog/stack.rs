//! The stack of a thread that stands still, as far as the platform tells it.
#![expect(clippy::disallowed_methods, reason = "the watchdog stands outside of runs")]

use std::time::Duration;

use super::signals;

/// How often is looked whether it has come, and how long between: the thread may hold a lock that a stack needs.
const LOOKS: (u32, Duration) = (300, Duration::from_millis(10));

/// The functions in which a thread of this process is, from inside to the executor, one a line; `None` where that is not known.
pub(super) fn of_thread(thread: i32) -> Option<String> {
    signals::ask_for_stack(thread);
    let (looks, pause) = LOOKS;
    let told = (0..looks).find_map(|_| {
        std::thread::sleep(pause);
        signals::told_stack()
    });
    let functions = sim_explorer::functions_of_poll(&told?.to_string());
    (!functions.is_empty()).then(|| functions.concat())
}
