//! What a program has left behind.

use std::fmt;

use super::{Executor, RunError};
use crate::clock::Instant;
use crate::context;
use crate::device::{LeftOpen, LeftOpenKind};
use crate::leaks::Leaks;
use crate::run::{Alarm, PendingTask};

/// What a program had left behind, where less was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaked {
    /// When it was looked at.
    pub at: Instant,
    /// The tasks that had not ended, without those that are there for others only.
    pub tasks: Vec<PendingTask>,
    /// How many timers were pending.
    pub timers: usize,
    /// The sockets and permits that were not given back.
    pub open: Vec<LeftOpen>,
    /// How much of it was allowed.
    pub allowed: Leaks,
}

impl Leaked {
    fn count(&self, kind: LeftOpenKind) -> usize {
        self.open.iter().filter(|left| left.kind == kind).count()
    }

    /// Of each kind: its name, how much is left, and how much may be.
    fn kinds(&self) -> [(&'static str, usize, usize); 4] {
        let Leaks { tasks, timers, sockets, permits } = self.allowed;
        [
            ("tasks", self.tasks.len(), tasks),
            ("timers", self.timers, timers),
            ("sockets", self.count(LeftOpenKind::Socket), sockets),
            ("permits", self.count(LeftOpenKind::Permit), permits),
        ]
    }

    fn is_too_much(&self) -> bool {
        self.kinds().into_iter().any(|(_, left, allowed)| left > allowed)
    }
}

impl fmt::Display for Leaked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES_MAX: usize = 40;
        write!(out, "at {}: the program leaves more behind than the test allows:", self.at)?;
        let kinds = self.kinds().into_iter().filter(|(_, left, allowed)| left > allowed);
        for (place, (name, left, allowed)) in kinds.enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(out, "{comma} {left} {name} (Leaks::{name} = {allowed})")?;
        }
        for task in self.tasks.iter().take(LINES_MAX) {
            write!(out, "\n  task was destroyed but it is pending: {task}")?;
        }
        for LeftOpen { kind, text } in self.open.iter().take(LINES_MAX) {
            let what = match kind {
                LeftOpenKind::Socket => "socket is still open",
                LeftOpenKind::Permit => "permit was not given back",
            };
            write!(out, "\n  {what}: {text}")?;
        }
        let lines = self.tasks.len().min(LINES_MAX) + self.open.len().min(LINES_MAX);
        match self.tasks.len() + self.open.len() - lines {
            0 => Ok(()),
            more => write!(out, "\n  … and {more} more"),
        }
    }
}

impl Executor {
    /// Looks at what the program has left behind up to now: tasks that have not ended, timers, sockets, and permits of `seedbed::sync` where
    /// [`Config::leaks`](crate::Config::leaks) is set. For between two calls; at the end of a run it is done where that is set.
    ///
    /// ```
    /// use sim_executor::{Executor, Leaks, ProductionOrder, spawn_named, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// executor.block_on(async { drop(spawn_named("heart", time::sleep(Duration::MAX))) }).unwrap();
    /// assert!(executor.check_leaks(Leaks { tasks: 1, timers: 1, ..Leaks::NONE }).is_ok());
    /// let text = executor.check_leaks(Leaks::NONE).unwrap_err().to_string();
    /// assert!(text.contains("task was destroyed but it is pending: main/heart on main"), "{text}");
    /// ```
    ///
    /// # Errors
    /// [`RunError::Leaked`] if it is more than that.
    pub fn check_leaks(&self, allowed: Leaks) -> Result<(), RunError> {
        let (alive, at, timers) = {
            let core = self.run.core();
            let is_counted = |alarm: &Alarm| match alarm {
                Alarm::Task(task) => !core.polling.is_background(*task),
                Alarm::Wake { .. } => true,
                Alarm::Settle | Alarm::Release(_) | Alarm::Fate(..) => false,
            };
            (core.polling.tasks().alive(), core.time.now(), core.time.alarms_where(is_counted).len())
        };
        let pending = alive.into_iter().zip(self.run.pending());
        let missed = pending.filter(|(task, _)| !self.run.core().polling.is_background(*task));
        let _entered = (!context::in_run()).then(|| self.entered());
        let mut open = Vec::new();
        self.run.devices().for_each(|device| open.append(&mut device.left_open()));
        let leaked = Leaked { at, tasks: missed.map(|(_, task)| task).collect(), timers, open, allowed };
        if leaked.is_too_much() { Err(RunError::Leaked(Box::new(leaked))) } else { Ok(()) }
    }
}
