//! Panics of code that is no task's: of a device, a packet hook, a waker of another library, or a `Drop` at the end of the run.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Core, Leftover, Run, TaskPanic};
use crate::choice::TaskId;
use crate::clock::Instant;
use crate::task::{Memory, Origin};

/// Code that is no task's panicked. That ends the run, as a panic does that nobody observes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsidePanic {
    /// What was going on: `while a device acted, or what it woke`.
    pub during: &'static str,
    /// The virtual time.
    pub at: Instant,
    /// The panic's message.
    pub message: String,
    /// `file:line:column` of the panic, if a panic hook noted it.
    pub location: Option<String>,
}

impl fmt::Display for OutsidePanic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at {}: code outside of all tasks panicked", self.at)?;
        if let Some(location) = &self.location {
            write!(out, " at {location}")?;
        }
        write!(out, ", {}: {}", self.during, self.message)
    }
}

/// The loop drives devices, packet hooks and wakers of other libraries.
pub(crate) const IN_THE_LOOP: &str = "in a device, a packet hook or a waker of another library";
pub(crate) const IN_A_REPORT: &str = "when a device or a source was asked for the report";
pub(crate) const AT_THE_END: &str = "in what was dropped at the end of the run";

/// What a panic has thrown.
type Payload = Box<dyn Any + Send>;

/// The text of a panic. The payload is dropped, which may run code, so nothing is to be borrowed.
pub(crate) fn message_of(payload: Payload) -> String {
    let message = text_of(&*payload);
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // It says less than the first, and could panic as well when it is dropped.
        std::mem::forget(second);
    }
    message
}

/// The text of a panic.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic whose payload is no text").to_string()
}

impl Run {
    /// What is known of a panic that left the code which the run has called. Nobody is at it from then on.
    pub(crate) fn outside_panic(&self, payload: Payload, during: &'static str) -> OutsidePanic {
        let message = message_of(payload);
        let mut core = self.core_mut();
        core.polling.set_current(None);
        core.polling.set_origin(Origin::Task);
        OutsidePanic { during, at: core.time.now(), message, location: core.verdict.take_panic_location() }
    }

    /// Calls code that is no task's, with nothing borrowed; a panic fails the run.
    pub(crate) fn guard<R>(&self, during: &'static str, call: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => Some(result),
            Err(payload) => {
                let panic = self.outside_panic(payload, during);
                self.core_mut().verdict.fail_outside(panic);
                None
            }
        }
    }

    /// Does what is left after a task's end, with nothing borrowed. Gives the memory, vacated. A panic of what is dropped is
    /// the task's.
    pub(crate) fn finish_leftover(&self, task: TaskId, leftover: Leftover) -> Option<Memory> {
        let Leftover { memory, failure, joiner, .. } = leftover;
        let vacated = memory.map(|mut memory| {
            self.guard_drop(task, || memory.as_mut().vacate());
            memory
        });
        if failure.is_some() {
            self.guard_drop(task, || drop(failure));
        }
        if let Some(joiner) = joiner {
            self.guard(IN_THE_LOOP, || joiner.wake());
        }
        vacated
    }

    /// Drops something of a task that is in the table, with nothing borrowed; a panic fails the run, as one of the task does.
    pub(crate) fn guard_drop(&self, task: TaskId, drop: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(drop)) {
            let message = message_of(payload);
            self.core_mut().fail_task(task, message);
        }
    }
}

impl Core {
    /// A panic of a task that is in the table, and that nobody can observe.
    fn fail_task(&mut self, task: TaskId, message: String) {
        let location = self.verdict.take_panic_location();
        let tasks = self.polling.tasks();
        let (slot, spawned_at) = (tasks.at(task.index), tasks.background(task.index).spawned_at());
        let (lineage, cpu) = (slot.lineage(), slot.node());
        let lineage = self.decisions.lineages_mut().path(lineage);
        self.fail_by(cpu, TaskPanic { lineage, spawned_at, message, location, then: Vec::new() });
    }

    /// Fails the run by a panic of a task on this CPU, unless its node survives that.
    pub(super) fn fail_by(&mut self, cpu: u32, panic: TaskPanic) {
        if !self.survives_panic(cpu, &panic) {
            self.verdict.fail(panic);
        }
    }
}
