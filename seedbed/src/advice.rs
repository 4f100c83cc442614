//! What to use instead of what cannot work inside a run.

use sim_executor::{Outcome, RunError};

/// What a call of tokio's runtime says outside of one, and what is meant for that here.
const OF_TOKIO: [(&str, &str); 6] = [
    ("there is no reactor running", NO_RUNTIME),
    ("must be called from the context of a Tokio", NO_RUNTIME),
    ("A Tokio 1.x context was found, but", NO_RUNTIME),
    ("`spawn_local` called from outside of", "use seedbed::spawn, whose futures need not be Send"),
    ("can call blocking only when running on the multi-threaded runtime", "use seedbed::spawn_blocking"),
    (
        "a runtime from within a runtime",
        "a run is no runtime of tokio: spawn a task with seedbed::spawn and await it",
    ),
];

const NO_RUNTIME: &str = "a run has no runtime of tokio: use seedbed::time (sleep, timeout, interval) for tokio::time, \
    seedbed::spawn and seedbed::task for tokio::spawn and tokio::task, seedbed::spawn_blocking for spawn_blocking, and \
    seedbed::net for tokio::net";

/// What to do about a failure, where its message tells.
pub(crate) fn on_failure(outcome: &Outcome) -> Option<String> {
    let message = match outcome {
        Outcome::Failed { message } => message,
        Outcome::Error(RunError::Panicked(panic)) => &panic.message,
        _ => return None,
    };
    OF_TOKIO.iter().find(|(says, _)| message.contains(says)).map(|(_, advice)| (*advice).to_string())
}
