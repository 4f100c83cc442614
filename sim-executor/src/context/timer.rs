//! Alarms of the current run: what happens by itself when its time comes.

use std::task::{Context, Waker};

use super::with;
use crate::choice::TaskId;
use crate::clock::{EventId, Instant};
use crate::limits::LimitReached;

/// What is due at a point in time.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// A timer of a future.
    Wake(Waker),
    /// A task that was spawned to start then.
    Start(TaskId),
    /// The end of a hold of a node's CPU.
    Release(u32),
}

/// A pending alarm of the current run that wakes a future; dropping it takes it back.
#[derive(Debug)]
pub(crate) struct Timer(EventId);

impl Timer {
    /// Sets an alarm. If the run has no room for it, the run ends after this poll.
    pub(crate) fn set(due: Instant, waker: Waker) -> Option<Self> {
        with(|run| {
            let mut core = run.core.borrow_mut();
            match core.timers.push(due, Alarm::Wake(waker)) {
                Ok(id) => Some(Timer(id)),
                Err(_) => {
                    let limit = LimitReached::timers(&core.limits);
                    core.limit_reached(limit);
                    None
                }
            }
        })
    }

    /// Makes it wake the task of this context, if it is still pending.
    pub(crate) fn wake_instead(&self, context: &Context<'_>) {
        let replaced = with(|run| match run.core.borrow_mut().timers.get_mut(self.0) {
            Some(Alarm::Wake(waker)) if !waker.will_wake(context.waker()) => {
                Some(std::mem::replace(waker, context.waker().clone()))
            }
            _ => None,
        });
        drop(replaced); // with nothing borrowed: a foreign waker may run code
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let alarm = super::try_with(|run| run.core.borrow_mut().timers.remove(self.0));
        drop(alarm); // with nothing borrowed: a foreign waker may run code
    }
}
