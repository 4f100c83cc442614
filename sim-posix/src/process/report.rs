//! What a person is told of a process that waits: its threads, and what they wait for.

use std::fmt::Write as _;

use super::{Process, State};

/// Of more threads it is not told.
const THREADS_SHOWN_MAX: usize = 16;

impl Process {
    /// `for main in epoll: 3 descriptors, until 4.000; worker#2 in futex since 0.300`
    pub(crate) fn describe(&self) -> String {
        let mut text = String::from(if self.signals.is_stopped() { "stopped by a signal: " } else { "for " });
        let mut shown = 0;
        self.for_each_living(|number, thread| {
            shown += 1;
            if shown > THREADS_SHOWN_MAX {
                return;
            }
            let separator = if shown == 1 { "" } else { "; " };
            let operation = thread.operation.name();
            let operation = operation.strip_prefix("posix.").unwrap_or(operation);
            let doing = match thread.state {
                State::Waiting => format!("in {operation}"),
                _ => "ready".to_string(),
            };
            let joined = self.joined_by(number);
            let what = joined.as_deref().unwrap_or(&thread.what);
            let what = if what.is_empty() { String::new() } else { format!(": {what}") };
            let _ = write!(text, "{separator}{} {doing}{what} since {}", thread.name, thread.since);
            if let Some(deadline) = thread.deadline().filter(|_| thread.state == State::Waiting) {
                let _ = write!(text, ", until {deadline}");
            }
        });
        if shown > THREADS_SHOWN_MAX {
            let _ = write!(text, "; and {} threads more", shown - THREADS_SHOWN_MAX);
        }
        text
    }
}
