//! The end of a task: what it leaves behind, and when its slot is free.

use std::any::Any;
use std::task::Waker;

use super::{Core, IN_THE_LOOP, JOIN, Run};
use crate::choice::TaskId;
use crate::task::{Failure, Joiner, Memory};

/// What is left to do after a task's last poll, when nothing is borrowed.
#[derive(Default)]
pub(crate) struct Leftover {
    pub(crate) memory: Option<Memory>,
    pub(crate) failure: Option<Box<Failure>>,
    pub(crate) joiner: Option<Waker>,
    /// Whether the task is to be removed when its memory is vacant.
    pub(crate) detached: bool,
}

/// What a handle learns of its task.
pub(crate) enum Joined {
    Ended(Result<(), Box<Failed>>),
    /// The task goes on, and wakes who asks at its end.
    Waiting,
    /// The task goes on, and is to be told whom it wakes by [`Core::wake_at_end`].
    Foreign,
    /// It is the task that asks.
    Itself,
}

/// What came of a task that failed.
pub(crate) struct Failed {
    pub(crate) lineage: String,
    pub(crate) failure: Failure,
}

impl Run {
    /// Nobody will ask for the task's output; what the task has left, if it has ended, to be seen to by [`Run::bury_leftover`].
    #[inline]
    pub(crate) fn give_up(&self, task: TaskId) -> Option<Leftover> {
        let (joiner, leftover) = self.core_mut().detach(task);
        if let Joiner::Foreign(waker) = joiner {
            // With nothing borrowed, since it may run code.
            self.guard(IN_THE_LOOP, || drop(waker));
        }
        leftover
    }

    /// Drops what a task has left whose output nobody will ask for, and removes the task. What is dropped may run code, so nothing
    /// is to be borrowed; if that panics, the run fails, and not who gives up.
    pub(crate) fn bury_leftover(&self, task: TaskId, leftover: Leftover) {
        let memory = self.finish_leftover(task, leftover);
        self.core_mut().recycle_task(task, memory);
    }
}

impl Core {
    /// Takes a task out of the table, whose memory was vacated.
    #[inline]
    pub(crate) fn remove_task(&mut self, task: TaskId) {
        if self.polling.tasks().get(task).is_some() {
            self.give_slot_free(task);
        }
    }

    /// The same for a task that is known to be there.
    #[inline(always)]
    fn give_slot_free(&mut self, task: TaskId) {
        let lineage = self.polling.tasks_mut().remove(task, self.decisions.lineages_mut());
        self.decisions.lineages_mut().release(lineage);
    }

    /// Removes a task, with its memory if that was taken out and vacated.
    pub(crate) fn recycle_task(&mut self, task: TaskId, memory: Option<Memory>) {
        if let (Some(memory), Some(slot)) = (memory, self.polling.tasks_mut().get_mut(task)) {
            slot.keep(memory);
        }
        self.remove_task(task);
    }

    /// What came of a task, if it has ended; it is gone then. The output goes into an `Option` of its type. Else it wakes the current
    /// task at its end, if that has asked with its own waker.
    #[inline]
    pub(crate) fn join(
        &mut self,
        task: TaskId,
        own: impl FnOnce() -> Option<TaskId>,
        output: &mut dyn Any,
    ) -> Joined {
        // A task is kept until its handle is gone, but one that was refused was never there.
        let Some(slot) = self.polling.tasks().get(task) else { return Joined::Waiting };
        if slot.has_ended() {
            return Joined::Ended(self.take_end(task, output));
        }
        match own() {
            Some(own) if own == task => Joined::Itself,
            Some(own) => {
                self.let_wait_at(own, JOIN, u64::from(task.index) + 1);
                let background = self.polling.tasks_mut().background_mut(task.index);
                if background.join_by(own) { Joined::Waiting } else { Joined::Foreign }
            }
            None => {
                self.wait_for_end(task);
                Joined::Foreign
            }
        }
    }

    /// What came of a task that has ended; it is gone then.
    #[inline(always)]
    fn take_end(&mut self, task: TaskId, output: &mut dyn Any) -> Result<(), Box<Failed>> {
        let (slot, background) = self.polling.whole_mut(task.index);
        if let Some(failure) = background.take_failure() {
            return Err(self.take_failure(task, *failure));
        }
        slot.take_output(output);
        self.give_slot_free(task);
        Ok(())
    }

    /// The task has ended without an output.
    #[cold]
    #[inline(never)]
    fn take_failure(&mut self, task: TaskId, failure: Failure) -> Box<Failed> {
        let lineage = self.polling.tasks().at(task.index).lineage();
        let lineage = self.decisions.lineages_mut().path(lineage).to_string();
        self.note_handed(&lineage, &failure);
        // Its memory was vacated when it failed.
        self.remove_task(task);
        Box::new(Failed { lineage, failure })
    }

    /// Notes that the current task waits for the end of that one.
    #[inline]
    pub(crate) fn wait_for_end(&mut self, task: TaskId) {
        self.wait_at(JOIN, u64::from(task.index) + 1);
    }

    /// Wakes that waker at the end of a task that has not ended, in place of who was to be woken, whom it puts there instead.
    pub(crate) fn wake_at_end(&mut self, task: TaskId, joiner: &mut Joiner) {
        if let Some(slot) = self.polling.tasks().get(task)
            && !slot.has_ended()
        {
            let background = self.polling.tasks_mut().background_mut(task.index);
            let asks = std::mem::replace(joiner, Joiner::Nobody);
            *joiner = background.set_joiner(asks);
        }
    }

    /// Nobody will ask for the task's output; gives what is to be dropped with nothing borrowed: who waited for it, and what
    /// it has left, if it has ended, to be seen to by [`Run::bury_leftover`].
    pub(crate) fn detach(&mut self, task: TaskId) -> (Joiner, Option<Leftover>) {
        if self.polling.tasks().get(task).is_none() {
            return (Joiner::Nobody, None);
        }
        let (slot, background) = self.polling.whole_mut(task.index);
        let joiner = background.take_joiner();
        if !slot.has_ended() {
            slot.detach();
            return (joiner, None);
        }
        let memory = slot.take_memory();
        self.note_unobserved_panic(task);
        let failure = self.polling.tasks_mut().background_mut(task.index).take_failure();
        (joiner, Some(Leftover { memory, failure, detached: true, ..Leftover::default() }))
    }

    /// Asks for a task's cancellation, unless it has ended. A function that a worker has begun cannot be stopped.
    pub(crate) fn cancel(&mut self, task: TaskId) {
        if let Some(slot) = self.polling.tasks_mut().get_mut(task)
            && !slot.has_ended()
        {
            if slot.polls() > 0 && self.nodes.host_of(slot.node()).0 != slot.node() {
                return;
            }
            slot.cancel();
            self.wake(task);
        }
    }

    /// Whether a task has ended, or is gone.
    pub(crate) fn has_ended(&self, task: TaskId) -> bool {
        self.polling.tasks().get(task).is_none_or(|slot| slot.has_ended())
    }

    /// Takes out all that a task holds, to be dropped with the task as the current one.
    pub(crate) fn begin_drop(&mut self, task: TaskId) -> Leftover {
        self.polling.set_current(Some(task));
        if self.polling.tasks().get(task).is_none() {
            return Leftover::default();
        }
        let (slot, background) = self.polling.whole_mut(task.index);
        let joiner = match background.take_joiner() {
            Joiner::Foreign(waker) => Some(waker),
            Joiner::Nobody | Joiner::Task(_) => None,
        };
        Leftover { memory: slot.begin_end(), failure: background.take_failure(), joiner, detached: true }
    }
}
