//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::Executor;
use crate::choice::TaskId;
use crate::context::Polled;
use crate::run::{Begun, Core};
use crate::task::{Failure, Memory};

impl Executor {
    /// Polls a task that was taken out of the ready queue.
    #[inline(always)]
    pub(super) fn poll_task<'run, const MANNER: u8>(
        &'run self,
        mut core: RefMut<'run, Core>,
        index: u32,
    ) -> RefMut<'run, Core> {
        let Begun { task, mut memory, is_cancelled } = core.begin_poll::<MANNER>(index);
        drop(core);
        let turn = Polled::begin(self.run.id(), task);
        let polled = catch_unwind(AssertUnwindSafe(|| {
            if is_cancelled {
                memory.as_mut().vacate();
                return None;
            }
            Some(memory.as_mut().poll(&mut Context::from_waker(turn.waker())))
        }));
        let has_woken_itself = turn.end();
        if let Ok(Some(Poll::Pending)) = polled {
            let mut core = self.run.core_mut();
            core.end_poll::<MANNER>(task, memory, has_woken_itself);
            return core;
        }
        let failure = match polled {
            Ok(Some(_)) => None,
            Ok(None) => Some(Failure::Cancelled),
            Err(payload) => Some(panicked(payload, self.run.core_mut().verdict.take_panic_location())),
        };
        self.end_task(task, memory, failure)
    }

    fn end_task(&self, task: TaskId, mut memory: Memory, failure: Option<Failure>) -> RefMut<'_, Core> {
        if let Some(failure @ Failure::Panicked { .. }) = &failure {
            self.run.core_mut().note_panic_of(task, failure);
            // A second panic, of the future's own `Drop`, would say less than the first.
            let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        }
        let mut core = self.run.core_mut();
        if let Some(leftover) = core.end_last_poll(task, memory, failure) {
            drop(core);
            let vacated = leftover.finish();
            core = self.run.core_mut();
            if vacated.is_some() {
                core.recycle_task(task, vacated);
            }
        }
        core.polling.set_current(None);
        core.look_whether_awaited(task);
        core
    }

    /// Drops all tasks in the order of their spawns, each as the current task.
    pub(super) fn drop_tasks(&self) {
        // Dropping a task may spawn others; a program that does so for ever is left to leak the rest.
        const ROUNDS_MAX: usize = 1_000;
        for _ in 0..ROUNDS_MAX {
            let alive = self.run.core().polling.tasks().alive();
            if alive.is_empty() {
                break;
            }
            for task in alive {
                let leftover = self.run.core_mut().begin_drop(task);
                let vacated = leftover.finish();
                self.run.core_mut().recycle_task(task, vacated);
            }
            self.run.core_mut().polling.set_current(None);
        }
        let ended = self.run.core().polling.tasks().ended();
        for task in ended {
            let leftover = {
                let mut core = self.run.core_mut();
                core.note_unobserved_panic(task);
                core.begin_drop(task)
            };
            let vacated = leftover.finish();
            self.run.core_mut().recycle_task(task, vacated);
        }
        self.run.core_mut().polling.set_current(None);
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
