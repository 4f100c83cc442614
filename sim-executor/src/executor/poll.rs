//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::cell::RefMut;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::Executor;
use crate::choice::TaskId;
use crate::context::{Core, waker_of};
use crate::task::{Failure, Joiner, Memory, State};
use crate::trace::Event;

/// A task taken out of the table for its poll.
struct Begun {
    task: TaskId,
    memory: Memory,
    cancelled: bool,
}

/// What is left to do after a task's last poll, when nothing is borrowed.
#[derive(Default)]
struct Leftover {
    memory: Option<Memory>,
    failure: Option<Box<Failure>>,
    joiner: Option<Waker>,
    /// Whether the task is to be removed when its memory is vacant.
    detached: bool,
}

impl Executor {
    /// Polls a task that was taken out of the ready queue.
    #[inline(always)]
    pub(super) fn poll_task<'run>(
        &'run self,
        mut core: RefMut<'run, Core>,
        index: u32,
    ) -> RefMut<'run, Core> {
        // Taken out while it is polled, since polling it may spawn.
        let Begun { task, mut memory, cancelled } = core.begin_poll(index);
        drop(core);
        // Not dropped, since that would only call a function that does nothing.
        let waker = ManuallyDrop::new(waker_of(self.run.id, task));
        let polled = catch_unwind(AssertUnwindSafe(|| {
            if cancelled {
                memory.as_mut().vacate();
                return None;
            }
            Some(memory.as_mut().poll(&mut Context::from_waker(&waker)))
        }));
        if let Ok(Some(Poll::Pending)) = polled {
            let mut core = self.run.core.borrow_mut();
            core.end_poll(task, memory);
            return core;
        }
        let failure = match polled {
            Ok(Some(_)) => None,
            Ok(None) => Some(Failure::Cancelled),
            Err(payload) => Some(panicked(payload, self.run.core.borrow_mut().panic_location.take())),
        };
        self.end_task(task, memory, failure)
    }

    fn end_task(&self, task: TaskId, mut memory: Memory, failure: Option<Failure>) -> RefMut<'_, Core> {
        if matches!(failure, Some(Failure::Panicked { .. })) {
            // A second panic, of the future's own `Drop`, would say less than the first.
            let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        }
        let mut core = self.run.core.borrow_mut();
        let leftover = core.end_last_poll(task, memory, failure);
        if leftover.detached || leftover.joiner.is_some() {
            drop(core);
            let vacated = leftover.finish();
            core = self.run.core.borrow_mut();
            if vacated.is_some() {
                core.recycle_task(task, vacated);
            }
        }
        core.current = None;
        if core.awaited == Some(task) {
            core.interrupted = true;
        }
        core
    }

    /// Drops all tasks in the order of their spawns, each as the current task.
    pub(super) fn drop_tasks(&self) {
        // Dropping a task may spawn others; a program that does so for ever is left to leak the rest.
        const ROUNDS_MAX: usize = 1_000;
        for _ in 0..ROUNDS_MAX {
            let alive = self.run.core.borrow().tasks.alive();
            if alive.is_empty() {
                break;
            }
            for task in alive {
                let leftover = self.run.core.borrow_mut().begin_drop(task);
                let _ = leftover.finish();
                self.run.core.borrow_mut().remove_task(task);
            }
            self.run.core.borrow_mut().current = None;
        }
        let ended = self.run.core.borrow().tasks.ended();
        for task in ended {
            let leftover = {
                let mut core = self.run.core.borrow_mut();
                core.note_unobserved_panic(task);
                core.begin_drop(task)
            };
            let _ = leftover.finish();
            self.run.core.borrow_mut().remove_task(task);
        }
        self.run.core.borrow_mut().current = None;
    }
}

impl Leftover {
    /// Does it, with nothing borrowed. Gives the memory, vacated.
    fn finish(self) -> Option<Memory> {
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

fn panicked(payload: Box<dyn Any + Send>, location: Option<String>) -> Failure {
    let message = if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_string()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic whose payload is no text".to_string()
    };
    Failure::Panicked { message, location, payload }
}

impl Core {
    #[inline(always)]
    fn begin_poll(&mut self, index: u32) -> Begun {
        let task = self.tasks.id_at(index);
        let slot = self.tasks.at_mut(index);
        // One that has held the CPU goes on, and has not waited for that.
        if slot.state == State::Ready {
            let waited_polls = self.polls - slot.ready_since;
            slot.waited_polls_max = slot.waited_polls_max.max(waited_polls);
            slot.waited_polls_total += waited_polls;
            if slot.ready_at < self.now {
                slot.waited_time_max = slot.waited_time_max.max(self.now - slot.ready_at);
            }
        }
        if slot.polled_at < self.now {
            let before = if slot.polls == 0 { slot.ready_at } else { slot.polled_at };
            slot.gap_max = slot.gap_max.max(self.now.as_nanos().saturating_sub(before.as_nanos()));
        }
        slot.state = State::Polled;
        slot.polls += 1;
        slot.polled_at = self.now;
        slot.woken = false;
        slot.waits = false;
        let cancelled = slot.cancelled;
        let memory = slot.memory.take().expect("a ready task has its future");
        self.current = Some(task);
        self.has_run_ahead = false;
        self.hash.add(slot.lineage_hash);
        self.polls += 1;
        if self.polls >= self.polls_stop {
            let limit = self.polls_limit();
            self.limit_reached(limit);
        }
        if self.watches_polls {
            self.record_task(task, || Event::Polled);
        }
        Begun { task, memory, cancelled }
    }

    /// After a poll that was not the task's last.
    #[inline(always)]
    fn end_poll(&mut self, task: TaskId, memory: Memory) {
        let slot = self.tasks.at_mut(task.index);
        slot.memory = Some(memory);
        slot.state = State::Waiting;
        let (cpu, woken) = (slot.node, slot.woken);
        if self.watches_polls {
            self.watch_poll(task, cpu);
        }
        self.current = None;
        if self.is_ahead(cpu) {
            self.end_blocking_poll(task, cpu, woken);
        } else if woken {
            self.make_ready(task);
        }
    }

    /// After a poll that has used the CPU.
    #[cold]
    fn end_blocking_poll(&mut self, task: TaskId, cpu: u32, woken: bool) {
        // A task that holds the CPU goes on by itself.
        if woken && self.nodes[cpu as usize].held_by != Some(task) {
            self.make_ready(task);
        }
        self.hold_if_ahead(cpu);
    }

    /// Names the poll's end, and takes the time that it has cost.
    #[cold]
    fn watch_poll(&mut self, task: TaskId, cpu: u32) {
        if self.names_points {
            self.name_point(task);
        }
        if !self.poll_cost.is_zero() {
            self.run_cpu_ahead(cpu as usize, self.poll_cost);
        }
    }

    /// After a task's last poll: its slot is kept for who holds its handle, if anyone does.
    #[inline]
    fn end_last_poll(&mut self, task: TaskId, memory: Memory, failure: Option<Failure>) -> Leftover {
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
    fn begin_drop(&mut self, task: TaskId) -> Leftover {
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
