//! Why the loop could not go on, told with the tasks concerned.

use std::panic::Location;

use super::{Blame, Deadlock, Executor, RunError};
use crate::clock::Instant;
use crate::context::JoinError;
use crate::limits::LimitReached;
use crate::run::{Core, TaskPanic};

impl Executor {
    /// Nothing may happen so late. Whether the run ends therefore, as it does unless it has only settled in time.
    #[cold]
    pub(super) fn is_over(&self, core: &mut Core, due: Instant) -> bool {
        if core.goes_on_after_response(due) && !core.verdict.has_failed() && !core.time.is_over_at(due) {
            return false;
        }
        if !core.verdict.has_failed() {
            let livelock = core.settling.livelock();
            let has_no_progress = core.time.has_no_progress();
            core.limit_reached(|limits| match livelock {
                Some(livelock) if has_no_progress => livelock,
                None if has_no_progress => LimitReached::progress(limits),
                _ => LimitReached::virtual_time(limits),
            });
        }
        true
    }

    /// What ends the run at once: a property that does not hold, a limit, or a panic that nobody observes. Where there are a limit
    /// and a panic, the panic came first.
    pub(super) fn failure(&self) -> RunError {
        let mut core = self.run.core_mut();
        if let Some(violated) = core.verdict.violated() {
            return RunError::Violated(violated.clone());
        }
        if let Some(panic) = core.verdict.take_outside_panic() {
            return RunError::PanickedOutside(panic);
        }
        if let Some(panic) = core.verdict.take_panic() {
            return RunError::Panicked(panic);
        }
        let (at, nodes) = (core.time.now(), core.nodes.reports_of_stopped());
        if let Some(dead) = core.verdict.dead() {
            let alive = core.polling.tasks().alive();
            drop(core);
            let told = alive.into_iter().zip(self.run.pending()).find(|(task, _)| *task == dead);
            let (_, task) = told.expect("a task that waits is pending");
            return RunError::DeadWaker { at, task: Box::new(task) };
        }
        let limit = core.verdict.take_limit().expect("a run fails at a limit or by a panic");
        let blame = Box::new(Blame { lines: core.blame(&limit), at_ten_times: None });
        drop(core);
        // Timers that go on for ever may hide a deadlock.
        let waits = if limit.is_of_time() { self.run.wait_chain().map(Box::new) } else { None };
        RunError::Limit { limit, at, blame, pending: self.run.pending(), waits, nodes }
    }

    pub(super) fn deadlock(&self) -> RunError {
        let woken_from_outside = self.woken_from_outside();
        let core = self.run.core();
        let (at, nodes) = (core.time.now(), core.nodes.reports_of_stopped());
        drop(core);
        let pending = self.run.pending();
        let waits = self.run.wait_chain().map(Box::new);
        RunError::Deadlock(Deadlock { at, pending, waits, nodes, woken_from_outside })
    }

    /// The panic of the future that `block_on` ran.
    pub(super) fn root_panic(&self, error: &JoinError, at: &'static Location<'static>) -> RunError {
        let Some(message) = error.message() else { return RunError::Stopped { at: self.now() } };
        RunError::Panicked(self.run.core().verdict.with_causes(TaskPanic {
            lineage: error.lineage().into(),
            spawned_at: at,
            message: message.to_string(),
            location: error.location().map(str::to_string),
            then: Vec::new(),
        }))
    }
}
