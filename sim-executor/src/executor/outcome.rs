//! How a run ended.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::blame::Blame;
use super::leaked::Leaked;
use super::pending_table::PendingTable;
use crate::choice::Recording;
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::property::{Property, Violated};
use crate::run::{CpuHeld, NodeReport, OutsidePanic, PendingTask, TaskPanic, WaitChain};
use crate::task::TaskStats;
use crate::trace::Trace;
use crate::varied::Varied;

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
    /// Code that is no task's panicked: of a device, a packet hook, or a waker of another library.
    #[error("{0}")]
    PanickedOutside(OutsidePanic),
    /// A property of the program did not hold: see [`always!`](crate::always).
    #[error("{0}")]
    Violated(Violated),
    /// A bound of [`Limits`](crate::Limits) was reached.
    #[error("at {at}: {limit}{blame}{}{}{}", PendingTable::in_columns(pending), lines(nodes), chain(waits.as_deref()))]
    Limit {
        /// Which.
        limit: LimitReached,
        /// When.
        at: Instant,
        /// Who has brought it about.
        blame: Box<Blame>,
        /// The tasks that had not ended.
        pending: Vec<PendingTask>,
        /// Tasks of which each waits for the next, if it is a limit of time: what goes on by timers may hide a deadlock.
        waits: Option<Box<WaitChain>>,
        /// The nodes that are down or frozen.
        nodes: Vec<NodeReport>,
    },
    /// A task waits, and nobody can wake it any more: see [`Config::dead_wakers`](crate::Config::dead_wakers).
    #[error("at {at}: nobody can wake {} any more: it was pending, and its waker is gone\n  {task}", task.lineage)]
    DeadWaker {
        /// When.
        at: Instant,
        /// Which.
        task: Box<PendingTask>,
    },
    /// More was left at the end than the test allows: see [`Config::leaks`](crate::Config::leaks).
    #[error("{0}")]
    Leaked(Box<Leaked>),
    /// `stop` was called before the awaited future was ready.
    #[error("at {at}: the run was stopped before the awaited future was ready")]
    Stopped {
        /// When.
        at: Instant,
    },
}

impl RunError {
    /// One word for it: `deadlock`, `dead waker`, `panic`, `property`, `limit`, `leak` or `stopped`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            RunError::Deadlock(_) => "deadlock",
            RunError::Panicked(_) | RunError::PanickedOutside(_) => "panic",
            RunError::Violated(_) => "property",
            RunError::DeadWaker { .. } => "dead waker",
            RunError::Leaked(_) => "leak",
            RunError::Limit { .. } => "limit",
            RunError::Stopped { .. } => "stopped",
        }
    }

    /// Whether tasks wait at its end as they would go on waiting: not where some of them have too much to do.
    pub(super) fn leaves_tasks_waiting(&self) -> bool {
        match self {
            RunError::Deadlock(_)
            | RunError::Panicked(_)
            | RunError::Violated(_)
            | RunError::DeadWaker { .. }
            | RunError::Stopped { .. } => true,
            RunError::PanickedOutside(_) | RunError::Leaked(_) => false,
            RunError::Limit { limit, .. } => limit.is_of_time(),
        }
    }

    /// Takes over for whom tasks wait, as the same run knows it that was made again.
    fn tell_waits(&mut self, again: &RunError) {
        use RunError::{Deadlock as Dead, Limit};
        if let Dead(Deadlock { waits, .. }) | Limit { waits, .. } = self
            && let Dead(Deadlock { waits: known, .. }) | Limit { waits: known, .. } = again
        {
            waits.clone_from(known);
        }
    }

    /// Takes over what is known better of the same tasks.
    pub(super) fn tell_pending(&mut self, known: &[PendingTask]) {
        let (RunError::Deadlock(Deadlock { pending, .. }) | RunError::Limit { pending, .. }) = self else {
            return;
        };
        let is_same = |(one, other): (&PendingTask, &PendingTask)| {
            (&one.lineage, one.polled_at) == (&other.lineage, other.polled_at)
        };
        if pending.len() == known.len() && pending.iter().zip(known).all(is_same) {
            pending.clone_from_slice(known);
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
    /// Tasks of which each waits for the next, as far as it is known for whom they wait.
    pub waits: Option<Box<WaitChain>>,
    /// The nodes that are down or frozen.
    pub nodes: Vec<NodeReport>,
    /// A task that was woken from another thread, which counts for nothing in a run.
    pub woken_from_outside: Option<Rc<str>>,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "at {}: deadlock, nothing is left that could wake a task{}{}{}",
            self.at,
            PendingTable::in_columns(&self.pending),
            lines(&self.nodes),
            chain(self.waits.as_deref())
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

/// A line for a chain of waits.
fn chain(waits: Option<&WaitChain>) -> String {
    waits.map_or_else(String::new, |waits| format!("\n  {waits}"))
}

/// One node a line, but of more than a page only how many.
fn lines(nodes: &[NodeReport]) -> String {
    const LINES_MAX: usize = 40;
    let mut text: String = nodes.iter().take(LINES_MAX).map(|node| format!("\n  {node}")).collect();
    if nodes.len() > LINES_MAX {
        text.push_str(&format!("\n  … and {} more nodes", nodes.len() - LINES_MAX));
    }
    text
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
    /// The tasks that had not ended, in the order of their spawns. If the run did not end as it should, each that waits was polled
    /// once more, after all else that is reported was taken down: so all is known that it waits for.
    pub pending: Vec<PendingTask>,
    /// The panics after which a node was started again: see [`Node::restart_on_panic`](crate::Node::restart_on_panic).
    pub survived: Vec<TaskPanic>,
    /// The first panics of tasks, 16 at most, whatever became of them.
    pub panics: Vec<TaskPanic>,
    /// The functions of panics, by `file:line:column`, if [`Config::panic_functions`](crate::Config) is set and a panic hook looks
    /// them up.
    pub panicked_in: BTreeMap<String, String>,
    /// The longest of the polls that held the CPU of a node for longer than [`Limits::hold_max`](crate::Limits::hold_max), in the order of their
    /// times.
    pub cpus_held: Vec<CpuHeld>,
    /// The nodes that have crashed, were frozen, or still are.
    pub nodes: Vec<NodeReport>,
    /// The properties that were passed, with how often each held: see [`sometimes!`](crate::sometimes).
    pub properties: Vec<Property>,
    /// What was drawn for this run that a program may not depend on, where it is not as by default: `TCP send buffer 4096`.
    pub varied: Vec<Varied>,
    /// How often each task ran: see [`Executor::stats`](crate::Executor::stats).
    pub stats: Vec<TaskStats>,
    /// What was traced.
    pub trace: Trace,
    /// The decisions, if they were recorded.
    pub recording: Option<Recording>,
}

impl Report {
    /// Takes over where tasks await and for whom they wait, from the report of the same run made again with
    /// [`Config::awaits`](crate::Config::awaits). If that went another way, nothing is taken over.
    pub fn tell_awaits(&mut self, again: &Report) {
        if self.hash != again.hash || self.outcome.word() != again.outcome.word() {
            return;
        }
        self.pending.clone_from(&again.pending);
        if let (Outcome::Error(error), Outcome::Error(known)) = (&mut self.outcome, &again.outcome) {
            error.tell_pending(&again.pending);
            error.tell_waits(known);
        }
    }
}
