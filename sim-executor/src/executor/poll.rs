//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::Executor;
use crate::around::{Around, PollOf};
use crate::choice::TaskId;
use crate::context::{Polled, Stopped};
use crate::run::{Begun, Core, manner, text_of};
use crate::task::{Failure, Memory};

impl Executor {
    /// Polls a task that was taken out of the ready queue.
    #[inline(always)]
    pub(super) fn poll_task<'run, const MANNER: u8, const AROUND: bool>(
        &'run self,
        mut core: RefMut<'run, Core>,
        index: u32,
    ) -> RefMut<'run, Core> {
        let Begun { task, mut memory, is_cancelled } = core.begin_poll::<MANNER>(index);
        drop(core);
        let turn = Polled::begin(self.run.id(), task);
        let turn = if MANNER == manner::ANY && self.run.wakers().is_some() { turn.counted() } else { turn };
        let polled = match if AROUND { self.run.around() } else { None } {
            None => catch_unwind(AssertUnwindSafe(|| {
                if is_cancelled {
                    memory.as_mut().vacate();
                    return None;
                }
                Some(memory.as_mut().poll(&mut Context::from_waker(turn.waker())))
            })),
            Some(around) => self.poll_around(around, task, &mut memory, turn.waker(), is_cancelled),
        };
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

    /// Polls a task, with what stands around its polls.
    #[cold]
    #[inline(never)]
    fn poll_around(
        &self,
        around: Around,
        task: TaskId,
        memory: &mut Memory,
        waker: &Waker,
        is_cancelled: bool,
    ) -> Result<Option<Poll<()>>, Box<dyn Any + Send>> {
        catch_unwind(AssertUnwindSafe(|| {
            let mut polled = None;
            around.0(&|told| self.tell_poll_of(task, told), &mut || {
                polled = if is_cancelled {
                    memory.as_mut().vacate();
                    None
                } else {
                    Some(memory.as_mut().poll(&mut Context::from_waker(waker)))
                };
            });
            polled
        }))
    }

    /// Which task is polled, for who stands around that.
    fn tell_poll_of(&self, task: TaskId, told: &mut dyn FnMut(&PollOf<'_>)) {
        let core = &mut *self.run.core_mut();
        let slot = core.polling.tasks().at(task.index);
        let cpu = slot.node();
        let host = core.nodes.host_of(cpu);
        // A task that was polled before may be polled often. Many a task is polled once, and then its path is not kept.
        let keep = slot.polls() > 1;
        told(&PollOf {
            task: core.decisions.lineages_mut().path_text(slot.lineage(), keep),
            node: core.nodes.name_ref(host),
            spawned_at: core.polling.tasks().background(task.index).spawned_at(),
            waited_at: slot.last_wait().label.name(),
            is_blocking: host.0 != cpu,
        });
    }

    fn end_task(&self, task: TaskId, mut memory: Memory, failure: Option<Failure>) -> RefMut<'_, Core> {
        if let Some(failure @ Failure::Panicked { payload, .. }) = &failure {
            if payload.is::<Stopped>() {
                // It goes on no more, but neither does the run, whose report tells where it is.
                let mut core = self.run.core_mut();
                // It was not waiting for anything: so it is told as one that is ready.
                core.end_poll::<{ manner::ANY }>(task, memory, true);
                return core;
            }
            self.run.core_mut().note_panic_of(task, failure);
            // A second panic, of the future's own `Drop`, would say less than the first.
            let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        }
        let mut core = self.run.core_mut();
        if let Some(leftover) = core.end_last_poll(task, memory, failure) {
            drop(core);
            let vacated = self.run.finish_leftover(task, leftover);
            core = self.run.core_mut();
            if vacated.is_some() {
                core.recycle_task(task, vacated);
            }
        }
        core.polling.set_current(None);
        core.look_whether_awaited(task);
        core
    }
}

fn panicked(payload: Box<dyn Any + Send>, location: Option<String>) -> Failure {
    Failure::Panicked { message: text_of(&*payload), location, payload }
}
