//! How threads of a process take turns: the one that runs passes the baton to another, or back to the executor.

use sim_executor::{Label, context};

use super::{Process, State};
use crate::real::{self, Passed};

/// Times that the baton is passed in one poll of the process, at most: then other nodes have their turn.
const TURNS_MAX: u32 = 64;

impl Process {
    /// Lets the threads go on, one after the other, until all wait. Called by the executor's thread; whether some can still go
    /// on, and are to after other tasks.
    pub(crate) fn run_threads(&self, waker: &std::task::Waker) -> bool {
        self.wakes.set_task(waker);
        self.turns_left.set(TURNS_MAX);
        self.expire();
        let Some(first) = self.choose_next(None) else { return false };
        *self.lent.borrow_mut() = Some(context::lend());
        let first = self.with_thread(first, |thread| thread.gate.clone());
        // Nobody dismisses the executor's thread.
        let Passed::GoOn = self.gate.pass_to(&first) else {
            unreachable!("the executor's gate is only opened")
        };
        self.take_run();
        self.pay();
        !self.runnable.borrow().is_empty()
    }

    /// Lets another thread go on, or the executor, and comes back when this one was chosen. Does not come back if the process
    /// ends.
    pub(super) fn pass_baton(&self, thread: u32) {
        let gate = match self.choose_next(Some(thread)) {
            Some(next) if next == thread => return,
            Some(next) => Some(self.with_thread(next, |it| it.gate.clone())),
            None => None,
        };
        let own = self.with_thread(thread, |it| it.gate.clone());
        *self.lent.borrow_mut() = Some(context::lend());
        if own.pass_to(gate.as_deref().unwrap_or(&self.gate)) == Passed::Leave {
            // Nothing of the process is looked at any more: it may be gone.
            std::mem::forget((own, gate));
            real::leave();
        }
        self.take_run();
    }

    /// Whether the executor's thread of the machine carries those of the process.
    pub(crate) fn is_carried(&self) -> bool {
        self.gate.is_direct()
    }

    /// The last thing that a thread does: it is done, and passes the baton on.
    pub(crate) fn end_thread(&self, thread: u32) {
        self.with_thread(thread, |it| it.state = State::Done);
        self.hand_on(thread, u64::MAX);
        if thread == 0 {
            self.end(super::End::Returned);
        }
        self.wake_joiners(thread);
        let own = self.with_thread(thread, |it| it.gate.clone());
        self.ended.set(Some(self.with_thread(thread, |it| it.machine_id)));
        let gate = self.choose_next(Some(thread)).map(|next| self.with_thread(next, |it| it.gate.clone()));
        *self.lent.borrow_mut() = Some(context::lend());
        // Behind this the process may be gone.
        own.end_to(gate.as_deref().unwrap_or(&self.gate));
    }

    /// The first thing that a thread of the process does when it has the baton. The machine knows its thread by `machine_id`.
    pub(crate) fn begin_thread(&self, thread: u32, machine_id: i32) {
        self.take_run();
        self.with_thread(thread, |it| it.machine_id = machine_id);
    }

    fn take_run(&self) {
        if let Some(ended) = self.ended.take() {
            // What the C library gives back for it, others take: if that came now or later, as the machine has it, addresses
            // would differ.
            real::await_gone(ended);
        }
        let lent = self.lent.borrow_mut().take();
        lent.expect("who passes the baton lends the run").enter();
    }

    /// Which thread goes on; `None` for the executor. `before` is who has the baton, if a thread has.
    ///
    /// The choice is named by that thread and by the operation at which it passes the baton on; the gentlest answer is the
    /// thread that can go on for the longest time.
    fn choose_next(&self, before: Option<u32>) -> Option<u32> {
        self.collect_wakes();
        let turns = self.turns_left.get();
        if turns == 0 || self.how_ended().is_some() || self.signals.is_stopped() {
            return None;
        }
        let count = self.runnable.borrow().len() as u64;
        let place = match count {
            0 => return None,
            1 => 0,
            _ => self.ask_who(before, count),
        };
        let next = self.runnable.borrow_mut().remove(place as usize)?;
        self.turns_left.set(turns - 1);
        self.with_thread(next, |thread| thread.state = State::Running);
        Some(next)
    }

    fn ask_who(&self, before: Option<u32>, count: u64) -> u64 {
        const EXECUTOR: Label = Label::new("posix.poll");
        let label = before.map_or(EXECUTOR, |thread| self.with_thread(thread, |it| it.operation));
        self.ask(before, label, count)
    }

    /// Asks for a number below `bound`, in the name of a thread of the process, or of the process itself.
    pub(crate) fn ask(&self, thread: Option<u32>, label: Label, bound: u64) -> u64 {
        let actor = thread.map_or(self.actor, |thread| self.with_thread(thread, |it| it.actor));
        context::ask_int(actor, label, 0, bound - 1, 0)
    }
}
