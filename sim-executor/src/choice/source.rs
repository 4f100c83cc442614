//! What answers the questions of a run.

use super::domain::{Domain, Value};
use super::key::Key;
use crate::clock::Instant;

/// What a source is told before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Whether the run keeps a recording.
    pub recorded: bool,
}

/// What a source wants to be asked. What it does not need is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Whether it is asked which task is polled next. If not, tasks run in production order.
    pub task_order: bool,
    /// Whether a node polls in iteration batches, as an event loop does, so that it looks at timers and at `stop` only
    /// between them. A source that orders tasks itself mostly does without.
    pub batches: bool,
    /// Whether [`Point::key`] is set for those questions; in a recorded run it always is.
    pub point_keys: bool,
}

/// A question.
pub struct Point<'a> {
    /// The name of the decision. Which task is polled next is decided *after* something: after this poll of the task
    /// that ran last (lineage @ operation that it now waits at, ordinal).
    pub key: Key,
    /// When it is asked.
    pub now: Instant,
    /// What may be answered.
    pub domain: Domain<'a>,
}

/// What answers the questions of a run: a seed, a recording, a search, a fuzzer's bytes.
///
/// A forced decision, with one possible answer, is never asked.
pub trait Source {
    /// Called once, before the first question.
    fn begin(&mut self, run: &RunInfo) {
        let _ = run;
    }

    /// What it wants to be asked; must not change during a run.
    fn needs(&self) -> Needs {
        Needs { task_order: true, batches: false, point_keys: false }
    }

    /// The answer; `None` is no opinion, so the gentlest is taken. So it is for an answer outside of the domain, which is
    /// also counted as misaligned.
    fn decide(&mut self, point: &Point<'_>) -> Option<Value>;

    /// Short, and enough to make the same source again: `random seed=7`.
    fn describe(&self) -> String;
}
