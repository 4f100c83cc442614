//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::cell::RefMut;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::Executor;
use crate::choice::TaskId;
use crate::context::{Core, RUN_AHEAD, waker_of};
use crate::task::{Failure, Memory, State};
use crate::trace::Event;

/// A task taken out of the table for its poll.
struct Begun {
    task: TaskId,
    memory: Memory,
    cancelled: bool,
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
        self.own_time &= !RUN_AHEAD;
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
        if woken && (self.nodes[cpu as usize].held_by != Some(task) || self.ready.is_dead(cpu)) {
            self.make_ready(task);
        }
        self.hold_if_ahead(cpu);
    }
}
