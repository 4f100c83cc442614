//! The end of a task: what its last poll leaves behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use super::run::Core;
use crate::choice::TaskId;
use crate::task::{Failure, Joiner, Memory, State};
use crate::trace::Event;

/// What is left to do after a task's last poll, when nothing is borrowed.
#[derive(Default)]
pub(crate) struct Leftover {
    pub(crate) memory: Option<Memory>,
    pub(crate) failure: Option<Box<Failure>>,
    pub(crate) joiner: Option<Waker>,
    /// Whether the task is to be removed when its memory is vacant.
    pub(crate) detached: bool,
}

impl Leftover {
    /// Does it, with nothing borrowed. Gives the memory, vacated.
    pub(crate) fn finish(self) -> Option<Memory> {
        let Leftover { memory, failure, joiner, .. } = self;
        let vacated = memory.map(|mut memory| {
            let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
            memory
        });
        let _ = catch_unwind(AssertUnwindSafe(|| drop(failure)));
        if let Some(joiner) = joiner {
            let _ = catch_unwind(AssertUnwindSafe(|| joiner.wake()));
        }
        vacated
    }
}

impl Core {
    /// Names the poll's end, and takes the time that it has cost.
    #[cold]
    pub(crate) fn watch_poll(&mut self, task: TaskId, cpu: u32) {
        if self.names_points {
            self.name_point(task);
        }
        if !self.poll_cost.is_zero() {
            self.run_cpu_ahead(cpu as usize, self.poll_cost);
        }
    }

    /// After a task's last poll: its slot is kept for who holds its handle, if anyone does.
    #[inline]
    pub(crate) fn end_last_poll(
        &mut self,
        task: TaskId,
        memory: Memory,
        failure: Option<Failure>,
    ) -> Leftover {
        if self.watches_polls {
            self.watch_end(task, failure.as_ref());
        }
        let slot = self.tasks.at_mut(task.index);
        slot.state = State::Ended;
        if let Some(failure) = failure {
            slot.failure = Some(Box::new(failure));
        }
        let (cpu, detached) = (slot.node, slot.detached);
        let mut leftover = Leftover { detached, ..Leftover::default() };
        if detached {
            leftover.memory = Some(memory);
            self.note_unobserved_panic(task);
            leftover.failure = self.tasks.at_mut(task.index).failure.take();
        } else {
            slot.memory = Some(memory);
        }
        leftover.joiner = self.wake_joiner(task);
        self.hold_if_ahead(cpu);
        leftover
    }

    #[cold]
    fn watch_end(&mut self, task: TaskId, failure: Option<&Failure>) {
        let cpu = self.tasks.at_mut(task.index).node;
        self.watch_poll(task, cpu);
        self.record_task(task, || match failure {
            None => Event::Done,
            Some(Failure::Cancelled) => Event::Cancelled,
            Some(Failure::Panicked { message, .. }) => Event::Panicked { message: message.clone() },
        });
        if self.stats.is_some() {
            let ended = self.stats_of(task);
            self.stats.get_or_insert_default().push(ended);
        }
    }

    /// Takes out all that a task holds, to be dropped with the task as the current one.
    pub(crate) fn begin_drop(&mut self, task: TaskId) -> Leftover {
        self.current = Some(task);
        let Some(slot) = self.tasks.get_mut(task) else { return Leftover::default() };
        slot.state = State::Polled;
        let joiner = match std::mem::replace(&mut slot.joiner, Joiner::Nobody) {
            Joiner::Foreign(waker) => Some(waker),
            Joiner::Nobody | Joiner::Task(_) => None,
        };
        Leftover { memory: slot.memory.take(), failure: slot.failure.take(), joiner, detached: true }
    }
}
