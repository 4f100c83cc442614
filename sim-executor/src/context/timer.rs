//! Alarms of the current run: what happens by itself when its time comes.

use std::task::Context;

use super::waker::own_task;
use super::with;
use crate::choice::Label;
use crate::clock::{EventId, Instant};
use crate::run::{Alarm, Core};

/// An alarm that wakes the task of this context.
#[inline]
fn waking(core: &Core, context: &Context<'_>) -> Alarm {
    match own_task(context.waker()) {
        Some(task) => Alarm::Task(task),
        None => Alarm::Wake { waker: context.waker().clone(), cpu: core.polling.current_cpu().unwrap_or(0) },
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
            let mut core = run.core_mut();
            if core.clock_now() >= due {
                return Alarmed::Due;
            }
            let due = core.world_time(due);
            core.wait_at(label, due.as_nanos());
            let alarm = waking(&core, context);
            match core.set_alarm(due, alarm) {
                Some(id) => Alarmed::Set(Timer(id)),
                None => Alarmed::NoRoom,
            }
        })
    }

    /// Makes it wake the task of this context, which waits for it at `label`; whether it is still pending.
    pub(crate) fn wake_instead(&self, due: Instant, label: Label, context: &Context<'_>) -> bool {
        let replaced = with(|run| {
            let mut core = run.core_mut();
            let due = core.world_time(due);
            core.wait_at(label, due.as_nanos());
            let alarm = waking(&core, context);
            core.time.replace_alarm(self.0, alarm)
        });
        replaced.is_some() // dropped with nothing borrowed: a foreign waker may run code
    }
}

impl Timer {
    /// Makes it wake at another time whom it would wake; at once, if that time is over. `None` if it is not pending.
    pub(crate) fn moved_to(self, due: Instant) -> Option<Timer> {
        with(|run| {
            let mut core = run.core_mut();
            let due = core.world_time(due).max(core.time.now());
            // This one is dropped afterwards, and finds nothing.
            let alarm = core.time.remove_alarm(self.0)?;
            core.set_alarm(due, alarm).map(Timer)
        })
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
        let alarm = super::try_with(|run| run.core_mut().time.remove_alarm(self.0));
        drop(alarm); // with nothing borrowed: a foreign waker may run code
    }
}
