//! The end of a run: all that is left of the program is dropped inside the run, so that its own code finds it as it was.

use std::rc::Rc;

use super::Executor;
use crate::choice::TaskId;
use crate::device::Device;
use crate::run::AT_THE_END;

/// What becomes of the memory of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    Drop,
    /// It is for the next run.
    Keep,
}

impl Executor {
    /// Drops all tasks and devices. What panics in that fails the run.
    pub(super) fn tear_down(&mut self, afterwards: Afterwards) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        // A panic inside a run that unwinds through its executor finds the run current. If it is dropped inside another run,
        // that one is current again afterwards.
        let _entered = (!self.run.tag().is_current()).then(|| self.entered_even_inside());
        self.run.core_mut().decisions.end();
        let spawned_max = self.run.core().spawned_until_the_end();
        self.drop_tasks(spawned_max);
        let programs = self.run.core_mut().nodes.take_programs();
        self.run.guard(AT_THE_END, || drop(programs));
        let invariants = self.run.take_invariants();
        self.run.guard(AT_THE_END, || drop(invariants));
        for device in self.run.devices().take() {
            match afterwards {
                Afterwards::Drop => drop(self.run.guard(AT_THE_END, || drop(device))),
                Afterwards::Keep => self.let_leave(device),
            }
        }
        self.drop_alarms();
        // What was dropped since may have spawned others.
        self.drop_tasks(spawned_max);
    }

    fn let_leave(&self, device: Rc<dyn Device>) {
        if let Some(Some(memory)) = self.run.guard(AT_THE_END, || device.leave()) {
            let replaced = self.run.devices().leave(memory);
            self.run.guard(AT_THE_END, || drop(replaced));
        }
    }

    /// Drops all tasks, each as the current task: those that have not ended, then those that can still be joined, both in the
    /// order of their spawns; then those that were spawned by that, and so on, until so many were spawned in the run.
    fn drop_tasks(&self, spawned_max: u64) {
        loop {
            let (alive, ended, refused) = {
                let mut core = self.run.core_mut();
                let refused = core.polling.take_refused();
                let tasks = core.polling.tasks();
                if tasks.len() == 0 && refused.is_empty() {
                    return;
                }
                (tasks.alive(), tasks.ended(), refused)
            };
            for memory in refused {
                if self.run.core_mut().is_dropping_for_ever(spawned_max) {
                    std::mem::forget(memory);
                    continue;
                }
                self.run.guard(AT_THE_END, || drop(memory));
            }
            for task in alive.into_iter().chain(ended) {
                if self.run.core_mut().is_dropping_for_ever(spawned_max) {
                    return self.leak_tasks();
                }
                self.drop_task(task);
            }
            self.run.core_mut().polling.set_current(None);
        }
    }

    fn drop_task(&self, task: TaskId) {
        let leftover = {
            let mut core = self.run.core_mut();
            core.note_unobserved_panic(task);
            core.begin_drop(task)
        };
        let vacated = self.run.finish_leftover(task, leftover);
        self.run.core_mut().recycle_task(task, vacated);
    }

    /// Leaves what is left without dropping it, since that only makes more.
    fn leak_tasks(&self) {
        let mut core = self.run.core_mut();
        core.polling.set_current(None);
        let tasks = core.polling.tasks();
        for task in tasks.alive().into_iter().chain(tasks.ended()) {
            std::mem::forget(core.begin_drop(task));
            core.remove_task(task);
        }
        core.polling.set_current(None);
        core.polling.take_refused().into_iter().for_each(std::mem::forget);
    }

    /// Drops all alarms, with nothing borrowed: a waker of another library may run code. Of a queue in which that panics, nothing is
    /// kept.
    fn drop_alarms(&self) {
        let alarms = self.run.core_mut().time.end_alarms();
        let Some(mut alarms) = alarms else { return };
        let cleared = self.run.guard(AT_THE_END, || {
            alarms.clear();
            alarms
        });
        if let Some(cleared) = cleared {
            self.run.core_mut().time.keep_memory_of(cleared);
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.tear_down(Afterwards::Drop);
    }
}
