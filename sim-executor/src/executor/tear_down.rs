//! The end of a run: all that is left of the program is dropped inside the run, so that its own code finds it as it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::Executor;
use crate::clock::EventQueue;
use crate::context;
use crate::device::Device;
use crate::run::{Alarm, RunMemory};

/// What becomes of the memory of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    Drop,
    /// It is for the next run.
    Keep,
}

impl Executor {
    /// Drops all tasks and devices.
    pub(super) fn tear_down(&mut self, afterwards: Afterwards) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        // A panic inside a run that unwinds through its executor finds the run current.
        let _entered = (!context::in_run()).then(|| self.entered());
        self.run.core_mut().decisions.end();
        self.drop_tasks();
        let programs = self.run.core_mut().nodes.take_programs();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(programs)));
        let devices = self.run.devices().take();
        match afterwards {
            Afterwards::Drop => {
                let _ = catch_unwind(AssertUnwindSafe(|| drop(devices)));
            }
            Afterwards::Keep => devices.into_iter().for_each(|device| self.let_leave(device)),
        }
        let alarms = self.run.core_mut().time.take_alarms();
        self.alarms = clear(alarms);
    }

    fn let_leave(&self, device: Rc<dyn Device>) {
        if let Ok(Some(memory)) = catch_unwind(AssertUnwindSafe(|| device.leave())) {
            self.run.devices().leave(memory);
        }
    }

    /// Takes the memory out of a run that was torn down. If anybody else holds the run, nothing is kept of it.
    pub(super) fn take_memory(&mut self) -> RunMemory {
        let alarms = self.alarms.take();
        Rc::get_mut(&mut self.run).map(|run| run.take_memory(alarms)).unwrap_or_default()
    }
}

/// Drops alarms, with nothing borrowed: a waker of another library may run code. Of a queue in which that panics, nothing is
/// kept.
fn clear(mut alarms: EventQueue<Alarm>) -> Option<EventQueue<Alarm>> {
    catch_unwind(AssertUnwindSafe(move || {
        alarms.clear();
        alarms
    }))
    .ok()
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.tear_down(Afterwards::Drop);
    }
}
