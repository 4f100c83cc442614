//! One poll of one task, with what comes before and after it.

use std::any::Any;
use std::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::Executor;
use crate::around::{Around, PollOf};
use crate::choice::TaskId;
use crate::context::{Polled, Stopped};
use crate::run::{Begun, Core, Leftover, manner, text_of};
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
        match polled {
            Ok(Some(Poll::Pending)) => {
                let mut core = self.run.core_mut();
                core.end_poll::<MANNER>(task, memory, has_woken_itself);
                core
            }
            Ok(Some(Poll::Ready(()))) => self.end_task::<MANNER>(task, memory),
            Ok(None) => self.fail_task(task, memory, Failure::Cancelled),
            Err(payload) => self.end_by_panic(task, memory, payload),
        }
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

    #[inline(always)]
    fn end_task<const MANNER: u8>(&self, task: TaskId, memory: Memory) -> RefMut<'_, Core> {
        let mut core = self.run.core_mut();
        let leftover = core.end_last_poll::<MANNER>(task, memory);
        core.hold_after_last_poll(task);
        if let Some(leftover) = leftover {
            drop(core);
            core = self.finish_end(task, leftover);
        }
        core.polling.set_current(None);
        core.look_whether_awaited(task);
        core
    }

    #[cold]
    fn end_by_panic(
        &self,
        task: TaskId,
        mut memory: Memory,
        payload: Box<dyn Any + Send>,
    ) -> RefMut<'_, Core> {
        if payload.is::<Stopped>() {
            // It goes on no more, but neither does the run, whose report tells where it is.
            let mut core = self.run.core_mut();
            // It was not waiting for anything: so it is told as one that is ready.
            core.end_poll::<{ manner::ANY }>(task, memory, true);
            return core;
        }
        let failure = {
            let mut core = self.run.core_mut();
            let location = core.verdict.take_panic_location();
            let failure = Failure::Panicked { message: text_of(&*payload), location, payload };
            core.note_panic_of(task, &failure);
            failure
        };
        // A second panic, of the future's own `Drop`, would say less than the first.
        let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        self.fail_task(task, memory, failure)
    }

    /// Ends a task that has failed, whose memory was vacated.
    #[cold]
    fn fail_task(&self, task: TaskId, memory: Memory, failure: Failure) -> RefMut<'_, Core> {
        let leftover = {
            let mut core = self.run.core_mut();
            let leftover = core.end_by_failure(task, memory, failure);
            core.hold_after_last_poll(task);
            leftover
        };
        let mut core = self.finish_end(task, leftover);
        core.polling.set_current(None);
        core.look_whether_awaited(task);
        core
    }

    /// Does what is left after a task's end, with nothing borrowed.
    #[inline(never)]
    fn finish_end(&self, task: TaskId, leftover: Leftover) -> RefMut<'_, Core> {
        let vacated = self.run.finish_leftover(task, leftover);
        let mut core = self.run.core_mut();
        if vacated.is_some() {
            core.recycle_task(task, vacated);
        }
        core
    }
}
