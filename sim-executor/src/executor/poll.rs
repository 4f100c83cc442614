//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::Executor;
use crate::choice::TaskId;
use crate::context::{Core, waker_of};
use crate::task::{Failure, Pollable, State, Wait};
use crate::trace::Event;

/// What the loop has to know of a poll.
#[derive(Clone, Copy)]
pub(super) struct Polled {
    /// Whether it was the task's last.
    pub(super) ended: bool,
    /// Whether the node's iteration is over.
    pub(super) ends_iteration: bool,
    /// Whether the run must end.
    pub(super) failed: bool,
}

/// What a task is made of; dropped or polled only while nothing is borrowed.
type Memory = Pin<Box<dyn Pollable>>;

/// A task taken out of the table for its poll.
struct Begun {
    memory: Memory,
    cancelled: bool,
    ends_iteration: bool,
}

/// What came of a poll.
enum Step {
    Pending(Memory),
    Done(Memory),
    Failed(Failure),
}

/// What is left to do after a task's last poll, when nothing is borrowed.
struct Leftover {
    memory: Option<Memory>,
    joiner: Option<Waker>,
}

impl Executor {
    #[inline]
    pub(super) fn poll_task(&self, task: TaskId) -> Polled {
        let Begun { mut memory, cancelled, ends_iteration } = self.run.core.borrow_mut().begin_poll(task);
        let waker = waker_of(self.run.id, task);
        let step = if cancelled {
            drop_caught(memory).map_or(Step::Failed(Failure::Cancelled), Step::Failed)
        } else {
            match catch_unwind(AssertUnwindSafe(|| memory.as_mut().poll(&mut Context::from_waker(&waker)))) {
                Ok(Poll::Pending) => Step::Pending(memory),
                Ok(Poll::Ready(())) => Step::Done(memory),
                Err(thrown) => {
                    // A second panic, of the future's own `Drop`, would say less than the first.
                    let _ = drop_caught(memory);
                    Step::Failed(panicked(thrown))
                }
            }
        };
        let mut core = self.run.core.borrow_mut();
        let leftover = core.end_poll(task, step);
        let ended = leftover.is_some();
        if let Some(Leftover { memory, joiner }) = leftover {
            drop(core);
            if let Some(memory) = memory {
                let _ = drop_caught(memory);
            }
            if let Some(joiner) = joiner {
                joiner.wake();
            }
            core = self.run.core.borrow_mut();
            core.current = None;
        }
        Polled { ended, ends_iteration, failed: core.limit.is_some() || core.panic.is_some() }
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
                let memory = self.run.core.borrow_mut().begin_drop(task);
                let _ = memory.and_then(drop_caught);
                let leftover = self.run.core.borrow_mut().remove_task(task);
                drop(leftover);
            }
            self.run.core.borrow_mut().current = None;
        }
        let ended = self.run.core.borrow().tasks.ended();
        for task in ended {
            let leftover = {
                let mut core = self.run.core.borrow_mut();
                core.note_unobserved_panic(task);
                core.remove_task(task)
            };
            let _ = leftover.0.and_then(drop_caught);
        }
    }
}

/// Drops a task's memory; gives the panic of its own code, if that panics.
fn drop_caught(memory: Memory) -> Option<Failure> {
    catch_unwind(AssertUnwindSafe(|| drop(memory))).err().map(panicked)
}

fn panicked(payload: Box<dyn Any + Send>) -> Failure {
    let message = if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_string()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic whose payload is no text".to_string()
    };
    Failure::Panicked { message, payload }
}

impl Core {
    #[inline]
    fn begin_poll(&mut self, task: TaskId) -> Begun {
        let slot = self.tasks.at_mut(task.index);
        assert_eq!(slot.generation, task.generation, "{task} is gone already");
        let waited_polls = self.polls - slot.ready_since;
        slot.waited_polls_max = slot.waited_polls_max.max(waited_polls);
        slot.waited_polls_total += waited_polls;
        if slot.ready_at < self.now {
            slot.waited_time_max = slot.waited_time_max.max(self.now - slot.ready_at);
        }
        slot.polls += 1;
        slot.polled_at = self.now;
        slot.woken = false;
        slot.wait = Wait::UNKNOWN;
        let was_ready = std::mem::replace(&mut slot.state, State::Polled) == State::Ready;
        let (node, cancelled, lineage) = (slot.node, slot.cancelled, slot.lineage);
        let memory = slot.future.take().expect("a ready task has a future");
        // A task that goes on after it held the CPU is in no list.
        let ends_iteration = if was_ready {
            self.ready.take(node, task.index)
        } else {
            self.ready.is_between_iterations(node)
        };
        self.current = Some(task);
        self.hash.add(self.lineages.hash(lineage));
        self.polls += 1;
        if self.polls >= self.polls_stop {
            let limit = self.polls_limit();
            self.limit_reached(limit);
        }
        self.record_task(task, || Event::Polled);
        Begun { memory, cancelled, ends_iteration }
    }

    #[inline]
    fn end_poll(&mut self, task: TaskId, step: Step) -> Option<Leftover> {
        if self.needs.point_keys || self.recording.is_some() {
            self.name_point(task);
        }
        let slot = self.tasks.at_mut(task.index);
        let cpu = slot.node;
        let leftover = match step {
            Step::Pending(memory) => {
                slot.future = Some(memory);
                slot.state = State::Waiting;
                let holds_cpu = self.nodes[cpu as usize].held_by == Some(task);
                if slot.woken && !holds_cpu {
                    self.make_ready(task);
                }
                self.current = None;
                None
            }
            Step::Done(memory) => {
                slot.future = Some(memory);
                self.record_task(task, || Event::Done);
                Some(self.end_task(task))
            }
            Step::Failed(failure) => {
                self.record_task(task, || match &failure {
                    Failure::Cancelled => Event::Cancelled,
                    Failure::Panicked { message, .. } => Event::Panicked { message: message.clone() },
                });
                self.tasks.at_mut(task.index).failure = Some(failure);
                Some(self.end_task(task))
            }
        };
        if !self.poll_cost.is_zero() {
            self.run_cpu_ahead(cpu as usize, self.poll_cost);
        }
        self.hold_if_ahead(cpu);
        leftover
    }

    /// A task has ended: its slot is kept for the joiner, if there may be one.
    fn end_task(&mut self, task: TaskId) -> Leftover {
        if self.stats.is_some() {
            let ended = self.stats_of(task);
            self.stats.get_or_insert_default().push(ended);
        }
        let slot = self.tasks.at_mut(task.index);
        slot.state = State::Ended;
        if slot.detached {
            self.note_unobserved_panic(task);
            let (memory, joiner) = self.remove_task(task);
            return Leftover { memory, joiner };
        }
        Leftover { memory: None, joiner: slot.joiner.take() }
    }

    /// Takes out the future of a task that has not ended, to be dropped with the task as the current one.
    fn begin_drop(&mut self, task: TaskId) -> Option<Memory> {
        self.current = Some(task);
        let slot = self.tasks.get_mut(task)?;
        slot.state = State::Polled;
        slot.future.take()
    }
}
