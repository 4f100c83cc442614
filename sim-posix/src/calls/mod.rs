//! The calls of a program, as the kernel and the C library would make them; what has to wait lets other threads run.

mod descriptors;
mod names;
mod poll;
mod signal;
mod sleep;
mod socket;
mod synchronise;
mod transfer;

use std::rc::Rc;

use sim_executor::{Label, Ratio, context};

use crate::descriptor::{File, Result};
use crate::process::{Outcome, Process};
use crate::real::Stop;

pub(crate) use descriptors::{duplicate, flags_of};
pub(crate) use names::{Found, Wanted};

/// A thread of a process that calls.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) process: &'a Process,
    pub(crate) thread: u32,
}

/// In which direction a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Reading,
    Writing,
}

impl Caller<'_> {
    /// The kernel is called: this takes a little time, and another thread may go first.
    pub(crate) fn enter(&self, operation: Label) {
        const PREEMPT: Label = Label::new("posix.preempt");
        self.process.call_kernel();
        let preempt = self.process.config.preempt;
        if preempt == Ratio::NEVER && !context::wants_decision_points() {
            return;
        }
        let is_preempted = match preempt == Ratio::NEVER {
            true => true,
            false => context::ask_flag(self.process.actor_of(self.thread), PREEMPT, preempt),
        };
        if is_preempted && self.process.others_can_go_on() {
            self.preempt(operation);
        }
    }

    /// Another thread may go first, now or a little later.
    fn preempt(&self, operation: Label) {
        let within = self.process.config.preempt_within;
        let stop = if within == 0 { None } else { self.draw_stop(within) };
        match stop {
            None => self.process.let_others_go_first(self.thread, operation),
            Some(stop) => crate::real::stop_after(stop, self.process.upcalls.stopped),
        }
    }

    /// Where another thread may go first; `None` is here.
    fn draw_stop(&self, within: u32) -> Option<Stop> {
        const WITHIN: Label = Label::new("posix.preempt_within");
        let ask = |bound| self.process.ask(Some(self.thread), WITHIN, u64::from(bound)) as u32;
        // A few are as probable as many.
        let count = match ask(within.ilog2() + 2) {
            0 => return None,
            doublings => 1 + ask(within.min(1 << (doublings - 1))),
        };
        Some(Stop { count, only_synchronising: ask(2) == 1 })
    }

    /// The thread was stopped between two calls.
    pub(crate) fn stopped(&self) {
        const STOPPED: Label = Label::new("posix.stopped");
        if self.process.others_can_go_on() {
            self.process.let_others_go_first(self.thread, STOPPED);
        }
        self.go_on();
    }

    /// The thread has the baton again, and goes on with its program: it may be stopped later.
    fn go_on(&self) {
        const PREEMPT: Label = Label::new("posix.preempt_again");
        let (preempt, within) = (self.process.config.preempt, self.process.config.preempt_within);
        if within > 0 && self.process.others_can_go_on() {
            let is_preempted = context::ask_flag(self.process.actor_of(self.thread), PREEMPT, preempt);
            if let Some(stop) = is_preempted.then(|| self.draw_stop(within)).flatten() {
                crate::real::stop_after(stop, self.process.upcalls.stopped);
            }
        }
    }

    /// Makes a call until it would not block, unless it may not wait.
    pub(crate) fn until_done<R>(
        &self,
        file: &Rc<File>,
        (operation, direction): (Label, Direction),
        may_wait: bool,
        mut call: impl FnMut() -> Result<R>,
    ) -> Result<R> {
        let timeout = file.timeouts.get()[usize::from(direction == Direction::Writing)];
        let deadline = (timeout > 0).then(|| self.process.now() + std::time::Duration::from_nanos(timeout));
        loop {
            let result = call();
            if !matches!(result, Err(libc::EAGAIN)) || !may_wait || file.is_nonblocking.get() {
                return result;
            }
            self.wait_at(file, operation, direction, deadline)?;
        }
    }

    /// Waits until something changes at a file.
    fn wait_at(
        &self,
        file: &Rc<File>,
        operation: Label,
        direction: Direction,
        deadline: Option<sim_executor::Instant>,
    ) -> Result<()> {
        let who = self.process.with_thread(self.thread, |thread| thread.who);
        let reading = direction == Direction::Reading;
        file.wait(who, &self.process.waker(self.thread), reading, !reading);
        let what = || match &file.object {
            crate::descriptor::Object::Socket(socket) => socket.describe(),
            _ => file.kind().to_string(),
        };
        match self.process.wait_for(self.thread, operation, deadline, what) {
            Outcome::Woken => Ok(()),
            Outcome::TimedOut => {
                file.wait_no_more(who);
                Err(libc::EAGAIN)
            }
            Outcome::Interrupted { restarts } => {
                file.wait_no_more(who);
                // A call with a time of its own is not begun again: signal(7).
                if restarts && deadline.is_none() { Ok(()) } else { Err(libc::EINTR) }
            }
        }
    }
}
