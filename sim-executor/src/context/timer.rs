//! Alarms of the current run: what happens by itself when its time comes.

use std::rc::Rc;
use std::task::{Context, Waker};

use super::waker::own_task;
use super::{RunTag, with};
use crate::choice::Label;
use crate::clock::{EventId, Instant};
use crate::run::{Alarm, Run};

/// A pending alarm that wakes a future; dropping it takes it back, which does nothing in another run than its own.
#[derive(Debug)]
pub(crate) struct Timer {
    id: EventId,
    run: RunTag,
}

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
            let set = match own_task(context.waker()) {
                Some(task) => core.set_alarm(due, Alarm::Task(task)),
                None => {
                    drop(core);
                    set_foreign(run, due, context.waker())
                }
            };
            set.map_or(Alarmed::NoRoom, |id| Alarmed::Set(Timer { id, run: run.tag() }))
        })
    }

    /// Makes it wake the task of this context, which waits for it at `label`; whether it is still pending.
    ///
    /// # Panics
    /// Outside its run.
    pub(crate) fn wake_instead(&self, due: Instant, label: Label, context: &Context<'_>) -> bool {
        self.check();
        let own = own_task(context.waker());
        let replaced = with(|run| {
            let alarm = own.map_or_else(|| foreign(run, context.waker()), Alarm::Task);
            let mut core = run.core_mut();
            let due = core.world_time(due);
            core.wait_at(label, due.as_nanos());
            core.time.replace_alarm(self.id, alarm)
        });
        // Also what was put in, if it found none; dropped with nothing borrowed: a foreign waker may run code.
        replaced.is_ok()
    }

    /// Sees that its run is the current one.
    ///
    /// # Panics
    /// If it is not.
    #[inline]
    pub(crate) fn check(&self) {
        self.run.check("sleep");
    }
}

/// An alarm with a waker of another library, which is cloned with nothing borrowed: it may run code.
fn foreign(run: &Run, waker: &Waker) -> Alarm {
    let cpu = run.core().polling.current_cpu().unwrap_or(0);
    Alarm::Wake { waker: waker.clone(), cpu }
}

#[inline(never)]
fn set_foreign(run: &Run, due: Instant, waker: &Waker) -> Option<EventId> {
    let alarm = foreign(run, waker);
    let mut core = run.core_mut();
    if !core.has_room_for_alarm() {
        drop(core);
        drop(alarm);
        return None;
    }
    core.set_alarm(due, alarm)
}

impl Timer {
    /// Makes it wake at another time whom it would wake; at once, if that time is over. `None` if it is not pending.
    ///
    /// # Panics
    /// Outside its run.
    pub(crate) fn moved_to(self, due: Instant) -> Option<Timer> {
        self.check();
        with(|run| {
            let mut core = run.core_mut();
            let due = core.world_time(due).max(core.time.now());
            // This one is dropped afterwards, and finds nothing.
            let alarm = core.time.remove_alarm(self.id)?;
            core.set_alarm(due, alarm).map(|id| Timer { id, run: run.tag() })
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
        let is_its_own = |run: &Rc<Run>| run.tag() == self.run;
        let alarm = super::try_with(|run| is_its_own(run).then(|| run.core_mut().time.remove_alarm(self.id)));
        drop(alarm); // with nothing borrowed: a foreign waker may run code
    }
}
