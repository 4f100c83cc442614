//! How a run ended.

use std::fmt;
use std::rc::Rc;

use crate::choice::Recording;
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::run::{NodeReport, PendingTask, TaskPanic};
use crate::task::TaskStats;
use crate::trace::Trace;

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Tasks wait, and nothing is left that could wake them.
    #[error("{0}")]
    Deadlock(Deadlock),
    /// A task panicked, and nobody awaited its handle.
    #[error("{0}")]
    Panicked(TaskPanic),
    /// A bound of [`Limits`](crate::Limits) was reached.
    #[error("at {at}: {limit}{}{}", table(pending), lines(nodes))]
    Limit {
        /// Which.
        limit: LimitReached,
        /// When.
        at: Instant,
        /// The tasks that had not ended.
        pending: Vec<PendingTask>,
        /// The nodes that are down or frozen.
        nodes: Vec<NodeReport>,
    },
    /// `stop` was called before the awaited future was ready.
    #[error("at {at}: the run was stopped before the awaited future was ready")]
    Stopped {
        /// When.
        at: Instant,
    },
}

impl RunError {
    /// One word for it: `deadlock`, `panic`, `limit` or `stopped`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            RunError::Deadlock(_) => "deadlock",
            RunError::Panicked(_) => "panic",
            RunError::Limit { .. } => "limit",
            RunError::Stopped { .. } => "stopped",
        }
    }
}

/// Tasks wait, and nothing is left that could wake them: no task is ready, no timer is set, nothing is in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// When.
    pub at: Instant,
    /// The tasks, in the order of their spawns.
    pub pending: Vec<PendingTask>,
    /// The nodes that are down or frozen.
    pub nodes: Vec<NodeReport>,
    /// A task that was woken from another thread, which counts for nothing in a run.
    pub woken_from_outside: Option<Rc<str>>,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "at {}: deadlock, nothing is left that could wake a task{}{}",
            self.at,
            table(&self.pending),
            lines(&self.nodes)
        )?;
        if let Some(task) = &self.woken_from_outside {
            write!(
                out,
                "\n{task} was woken by a real thread: keep threads out of a run, and use spawn_blocking instead"
            )?;
        }
        Ok(())
    }
}

/// One task a line, in columns; nothing if there are none.
fn table(pending: &[PendingTask]) -> String {
    let cell = |task: &PendingTask| task.activity.to_string();
    let place =
        |task: &PendingTask| format!("{}{}", task.node, if task.is_frozen { " (frozen)" } else { "" });
    let width = |length: fn(&PendingTask) -> usize| pending.iter().map(length).max().unwrap_or(0);
    let lineage = width(|task| task.lineage.chars().count());
    let node = pending.iter().map(|task| place(task).chars().count()).max().unwrap_or(0);
    let activity = pending.iter().map(|task| cell(task).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for task in pending {
        let since = task.polled_at.map_or_else(String::new, |at| format!("since {at}, "));
        text.push_str(&format!(
            "\n  {:lineage$}  on {:node$}  {:activity$}  {since}spawned at {}:{}",
            task.lineage,
            place(task),
            cell(task),
            task.spawned_at.file(),
            task.spawned_at.line(),
        ));
    }
    text
}

/// One node a line.
fn lines(nodes: &[NodeReport]) -> String {
    nodes.iter().map(|node| format!("\n  {node}")).collect()
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Done,
    /// What the program promises did not hold.
    Failed {
        /// In the words of who found it.
        message: String,
    },
    /// It could not go on.
    Error(RunError),
}

impl Outcome {
    /// Whether it ended as it should.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Outcome::Done)
    }

    /// One word for it: `done`, `failed`, or that of the [`RunError`].
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Failed { .. } => "failed",
            Outcome::Error(error) => error.word(),
        }
    }
}

impl From<RunError> for Outcome {
    fn from(error: RunError) -> Self {
        Outcome::Error(error)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Done => out.write_str("done"),
            Outcome::Failed { message } => out.write_str(message),
            Outcome::Error(error) => write!(out, "{error}"),
        }
    }
}

/// All that is known of a run after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The rolling hash of all that happened: equal for equal runs.
    pub hash: u64,
    /// The virtual time at its end.
    pub ended_at: Instant,
    /// How many polls there were.
    pub polls: u64,
    /// How many decisions were asked.
    pub decisions: u64,
    /// How many answers of the source were outside of what could be answered.
    pub misaligned: u64,
    /// What answered: [`Source::describe`](crate::Source::describe).
    pub source: String,
    /// The tasks that had not ended, in the order of their spawns.
    pub pending: Vec<PendingTask>,
    /// The panics after which a node was started again: see [`Node::restart_on_panic`](crate::Node::restart_on_panic).
    pub survived: Vec<TaskPanic>,
    /// The nodes that have crashed, were frozen, or still are.
    pub nodes: Vec<NodeReport>,
    /// How often each task ran: see [`Executor::stats`](crate::Executor::stats).
    pub stats: Vec<TaskStats>,
    /// What was traced.
    pub trace: Trace,
    /// The decisions, if they were recorded.
    pub recording: Option<Recording>,
}
