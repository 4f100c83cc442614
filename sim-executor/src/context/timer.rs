//! Alarms of the current run: what happens by itself when its time comes.

use std::task::{Context, Waker};

use super::run::{Core, Run};
use super::start::Fate;
use super::with;
use crate::choice::{Label, TaskId};
use crate::clock::{EventId, Instant};
use crate::limits::LimitReached;
use crate::task::NodeId;

/// What is due at a point in time.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// A timer of a task.
    Task(TaskId),
    /// A timer of a future with a waker of another library.
    Wake { waker: Waker, cpu: u32 },
    /// The end of a hold of a node's CPU.
    Release(u32),
    /// What was set for a node.
    Fate(NodeId, Fate),
}

impl Alarm {
    #[inline]
    fn waking(run: &Run, core: &Core, context: &Context<'_>) -> Alarm {
        match run.own_task(core, context.waker()) {
            Some(task) => Alarm::Task(task),
            None => Alarm::Wake { waker: context.waker().clone(), cpu: core.current_cpu() },
        }
    }
}

/// A pending alarm of the current run that wakes a future; dropping it takes it back.
#[derive(Debug)]
pub(crate) struct Timer(EventId);

impl Timer {
    /// Sets an alarm unless it is due already, and notes that the task waits for it. If the run has no room for it, the run
    /// ends after this poll.
    #[inline]
    pub(crate) fn set(due: Instant, label: Label, context: &Context<'_>) -> Alarmed {
        with(|run| {
            let mut core = run.core.borrow_mut();
            if core.clock_now() >= due {
                return Alarmed::Due;
            }
            let due = core.world_time(due);
            core.wait_at(label, due.as_nanos());
            let alarm = Alarm::waking(run, &core, context);
            match core.timers.push(due, alarm) {
                Ok(id) => Alarmed::Set(Timer(id)),
                Err(_) => {
                    let limit = LimitReached::timers(&core.limits);
                    core.limit_reached(limit);
                    Alarmed::NoRoom
                }
            }
        })
    }

    /// Makes it wake the task of this context, which waits for it at `label`; whether it is still pending.
    pub(crate) fn wake_instead(&self, due: Instant, label: Label, context: &Context<'_>) -> bool {
        let replaced = with(|run| {
            let mut core = run.core.borrow_mut();
            let due = core.world_time(due);
            core.wait_at(label, due.as_nanos());
            let alarm = Alarm::waking(run, &core, context);
            core.timers.get_mut(self.0).map(|pending| std::mem::replace(pending, alarm))
        });
        replaced.is_some() // dropped with nothing borrowed: a foreign waker may run code
    }
}

/// What became of an alarm.
pub(crate) enum Alarmed {
    Due,
    Set(Timer),
    NoRoom,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let alarm = super::try_with(|run| run.core.borrow_mut().timers.remove(self.0));
        drop(alarm); // with nothing borrowed: a foreign waker may run code
    }
}
