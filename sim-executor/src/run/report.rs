//! What a person is told of tasks: which are pending, where each waits, who panicked.

use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use super::{Core, Run};
use crate::await_site::AwaitSite;
use crate::choice::{Label, TaskId};
use crate::clock::Instant;
use crate::task::{Failure, State, TaskStats, Wait};

/// What a task that has not ended is at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// It was spawned and never polled.
    NeverPolled,
    /// It is ready.
    Ready,
    /// It holds its node's CPU.
    Blocking,
    /// It waits at this operation.
    Waiting {
        /// The operation: `time.sleep`; `poll` for a future of which the simulator knows nothing.
        at: &'static str,
        /// What for, as far as that is known: `until 3.000`.
        what: String,
    },
}

impl Activity {
    /// It waits for something of which the simulator knows nothing; where its last poll had come to, if that is known.
    pub(crate) fn unknown(before: Option<&Activity>) -> Activity {
        let before = before.filter(|before| before.operation() != Label::POLL.name());
        let what = before.map_or_else(String::new, |before| format!(" (its last poll: {before})"));
        Activity::Waiting { at: Label::POLL.name(), what }
    }

    /// One word for it.
    fn operation(&self) -> &'static str {
        match self {
            Activity::NeverPolled => "never polled",
            Activity::Ready => "ready",
            Activity::Blocking => "holds the CPU",
            Activity::Waiting { at, .. } => at,
        }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Activity::NeverPolled => out.write_str("never polled"),
            Activity::Ready => out.write_str("ready"),
            Activity::Blocking => out.write_str("holds the CPU"),
            Activity::Waiting { at, what } if *at == Label::POLL.name() => {
                write!(out, "waits for a wake{what}")
            }
            Activity::Waiting { what, .. } if what.starts_with("for ") || what.starts_with("to ") => {
                write!(out, "waits {what}")
            }
            Activity::Waiting { at, what } if what.is_empty() => write!(out, "waits at {at}"),
            Activity::Waiting { at, what } => write!(out, "waits at {at} {what}"),
        }
    }
}

/// A task that had not ended when the run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTask {
    /// The task's path of names.
    pub lineage: Rc<str>,
    /// The name of its node.
    pub node: Rc<str>,
    /// Whether its node is frozen, so that it is not polled.
    pub is_frozen: bool,
    /// Where in the program it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// What it is at.
    pub activity: Activity,
    /// What it waits for besides, where it waits for several things. Known at the end of a run: see
    /// [`Report::pending`](crate::Report::pending).
    pub also: Vec<Activity>,
    /// Where in the program it awaits: a place for each thing that it waits for. Known at the end of a run that failed, where
    /// [`Config::awaits`](crate::Config::awaits) looks.
    pub awaits: Vec<AwaitSite>,
    /// Whether it went on when it was polled once more at the end of the run: what it waits for is there, and nobody has woken
    /// it.
    pub goes_on: bool,
    /// Whether nobody can wake it any more, where that is known: see [`Config::dead_wakers`](crate::Config::dead_wakers).
    pub has_dead_waker: bool,
    /// When it was last polled, if it ever was.
    pub polled_at: Option<Instant>,
}

impl fmt::Display for PendingTask {
    /// `main/consumer on main waits at queue.get since 0.500 (spawned at src/lib.rs:7)`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frozen = if self.is_frozen { " (frozen)" } else { "" };
        write!(out, "{} on {}{frozen} {}", self.lineage, self.node, self.doing())?;
        if let Some(at) = self.polled_at {
            write!(out, " since {at}")?;
        }
        write!(out, " (spawned at {}:{})", self.spawned_at.file(), self.spawned_at.line())
    }
}

impl PendingTask {
    /// All that it is at: `waits at task.join main/a, and at time.sleep until 3.000`.
    #[must_use]
    pub fn doing(&self) -> String {
        let mut text = self.activity.to_string();
        for activity in &self.also {
            let other = activity.to_string();
            text.push_str(", and ");
            text.push_str(other.strip_prefix("waits ").unwrap_or(&other));
        }
        if self.has_dead_waker {
            text.push_str(" (but nobody has its waker any more: nothing can wake it)");
        }
        if self.goes_on {
            text.push_str(" (but a poll without a wake makes it go on: a wake was lost)");
        }
        text
    }

    /// The operations at which it is, without what they are about.
    pub(crate) fn operations(&self) -> Vec<&'static str> {
        std::iter::once(&self.activity).chain(&self.also).map(Activity::operation).collect()
    }
}

/// A task panicked, and nobody awaited its handle; or who did has panicked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPanic {
    /// The task's path of names.
    pub lineage: Rc<str>,
    /// Where in the program it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// The panic's message.
    pub message: String,
    /// `file:line:column` of the panic, if a panic hook noted it.
    pub location: Option<String>,
    /// The panics that came of it, one of the other: of the task that unwrapped the error of this one's handle, and so on.
    pub then: Vec<TaskPanic>,
}

impl fmt::Display for TaskPanic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} panicked", self.lineage)?;
        if let Some(location) = &self.location {
            write!(out, " at {location}")?;
        }
        let (file, line) = (self.spawned_at.file(), self.spawned_at.line());
        write!(out, ": {} (spawned at {file}:{line})", Bounded(&self.message))?;
        self.then.iter().try_for_each(|panic| write!(out, "\nthen {panic}"))
    }
}

/// The beginning of a text that may be long.
struct Bounded<'a>(&'a str);

impl fmt::Display for Bounded<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BYTES_MAX: usize = 10_000;
        let shown = &self.0[..self.0.floor_char_boundary(BYTES_MAX)];
        out.write_str(shown)?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(out, "… and {more} bytes more"),
        }
    }
}

/// Operations of this crate, whose resource is a point in time.
pub(crate) const SLEEP: Label = Label::new("time.sleep");
/// Its resource is the index of the awaited task plus one.
pub(crate) const JOIN: Label = Label::new("task.join");

impl Core {
    /// Fails the run if the task, whose handle is given up, has panicked.
    pub(crate) fn note_unobserved_panic(&mut self, task: TaskId) {
        if self.polling.tasks().get(task).is_none() {
            return;
        }
        let (slot, background) = self.polling.whole_mut(task.index);
        let Some(Failure::Panicked { message, location, .. }) = background.failure() else { return };
        let (message, location) = (message.clone(), location.clone());
        let (spawned_at, lineage, cpu) = (background.spawned_at(), slot.lineage(), slot.node());
        let lineage = self.decisions.lineages_mut().path(lineage);
        let panic = TaskPanic { lineage, spawned_at, message, location, then: Vec::new() };
        self.fail_by(cpu, panic);
    }

    /// The statistics of all tasks, if they are kept: of those that have ended in that order, then of the others in the order
    /// of their spawns.
    pub(crate) fn stats(&mut self) -> Vec<TaskStats> {
        if !self.polling.keeps_stats() {
            return Vec::new();
        }
        let mut stats = self.polling.stats_of_ended();
        for task in self.polling.tasks().alive() {
            stats.push(self.polling.stats_of(task.index, self.decisions.lineages_mut()));
        }
        stats
    }

    pub(crate) fn keeps_stats(&self) -> bool {
        self.polling.keeps_stats()
    }

    /// For how many polls of others each task that is ready has waited, where statistics are kept.
    pub(crate) fn waits_now(&mut self) -> Vec<(Rc<str>, u64)> {
        let mut waits = Vec::new();
        for task in self.polling.tasks().alive() {
            if let Some(polls) = self.polling.waits_now(task.index) {
                let lineage = self.polling.tasks().at(task.index).lineage();
                waits.push((self.decisions.lineages_mut().path(lineage), polls));
            }
        }
        waits
    }

    /// A task that has not ended; and where it waits, if it does.
    fn pending_task(&mut self, task: TaskId) -> (PendingTask, Option<Wait>) {
        let slot = self.polling.tasks().at(task.index);
        let activity = match slot.state() {
            _ if slot.polls() == 0 => Activity::NeverPolled,
            State::Blocking => Activity::Blocking,
            State::Ready | State::Polled => Activity::Ready,
            _ => {
                let wait = slot.waiting_at();
                return (self.pending_doing(task, Activity::unknown(None)), Some(wait));
            }
        };
        (self.pending_doing(task, activity), None)
    }

    fn pending_doing(&mut self, task: TaskId, activity: Activity) -> PendingTask {
        let Core { polling, decisions, nodes, .. } = self;
        let slot = polling.tasks().at(task.index);
        PendingTask {
            lineage: decisions.lineages_mut().path(slot.lineage()),
            node: nodes.name(crate::task::NodeId(slot.node())),
            is_frozen: polling.ready().is_frozen(slot.node()),
            spawned_at: polling.tasks().background(task.index).spawned_at(),
            activity,
            also: Vec::new(),
            awaits: Vec::new(),
            goes_on: false,
            has_dead_waker: false,
            polled_at: slot.polled_at(),
        }
    }
}

impl Run {
    /// The tasks that have not ended, in the order of their spawns.
    pub(crate) fn pending(&self) -> Vec<PendingTask> {
        let mut pending = {
            let mut core = self.core_mut();
            let alive = core.polling.tasks().alive();
            alive.into_iter().map(|task| (task, core.pending_task(task))).collect::<Vec<_>>()
        };
        for (id, (task, wait)) in &mut pending {
            task.has_dead_waker = self.has_dead_waker(*id);
            if let Some(wait) = *wait {
                task.activity = self.activity_at(wait);
            }
        }
        pending.into_iter().map(|(_, (task, _))| task).collect()
    }

    /// What a task is at that waits there. A device is asked with nothing borrowed, since it is the program's.
    pub(crate) fn activity_at(&self, wait: Wait) -> Activity {
        let what = if wait.resource == 0 {
            String::new()
        } else if wait.label == JOIN {
            // The task that a handle waits for, by its index plus one.
            let mut core = self.core_mut();
            let joined = core.polling.tasks().at(wait.resource as u32 - 1).lineage();
            core.decisions.lineages_mut().path(joined).to_string()
        } else if wait.label == SLEEP {
            format!("until {}", Instant::from_nanos(wait.resource))
        } else {
            self.devices.describe(wait.resource)
        };
        Activity::Waiting { at: wait.label.name(), what }
    }
}
