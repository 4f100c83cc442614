//! What to use instead of what cannot work inside a run.

use sim_executor::{Outcome, Report, RunError};

/// What a call of tokio's runtime says outside of one, and what is meant for that here.
const OF_TOKIO: [(&str, &str); 6] = [
    ("there is no reactor running", NO_RUNTIME),
    ("must be called from the context of a Tokio", NO_RUNTIME),
    ("A Tokio 1.x context was found, but", NO_RUNTIME),
    (
        "`spawn_local` called from outside of",
        "use seedbed::task::spawn_local, or seedbed::spawn, whose futures need not be Send",
    ),
    ("can call blocking only when running on the multi-threaded runtime", "use seedbed::spawn_blocking"),
    (
        "a runtime from within a runtime",
        "a run is no runtime of tokio: spawn a task with seedbed::spawn and await it",
    ),
];

const NO_RUNTIME: &str = "a run has no runtime of tokio: use seedbed::time (sleep, timeout, interval) for tokio::time, \
    seedbed::spawn and seedbed::task for tokio::spawn and tokio::task (JoinSet, LocalSet), seedbed::spawn_blocking for \
    spawn_blocking, seedbed::net for tokio::net, and seedbed::signal for tokio::signal";

/// What to do about a failure, where its message or that of a panic before it tells.
pub(crate) fn on_failure(report: &Report) -> Option<String> {
    let message = match &report.outcome {
        Outcome::Done => return None,
        Outcome::Failed { message } => Some(message),
        Outcome::Error(RunError::Panicked(panic)) => Some(&panic.message),
        _ => None,
    };
    let mut messages = message.into_iter().chain(report.panics.iter().map(|panic| &panic.message));
    messages.find_map(|message| {
        OF_TOKIO.iter().find(|(says, _)| message.contains(says)).map(|(_, advice)| (*advice).to_string())
    })
}
