//! Sending signals, or waiting for them.

use std::rc::Rc;
use std::time::Duration;

use sim_executor::Label;

use super::Caller;
use crate::descriptor::{FIRST, File, Object, Result, Sent, SignalFd};
use crate::host::process_of;
use crate::process::Outcome;
use crate::signal::Signal;

const KILL: Label = Label::new("posix.kill");
const WAIT: Label = Label::new("posix.sigwait");
const SIGNALFD: Label = Label::new("posix.signalfd");

impl Caller<'_> {
    fn sent(&self, is_for_thread: bool) -> Sent {
        Sent { by: self.process.id(), is_for_thread }
    }

    /// `kill(2)`; each process is a group of its own. With `None` it is only looked whether there is such a process.
    ///
    /// # Errors
    /// `ESRCH`
    pub(crate) fn kill(&self, process: i32, signal: Option<Signal>) -> Result<()> {
        self.enter(KILL);
        let id = if process == 0 { self.process.id() } else { process.saturating_abs() };
        let target = process_of(id).ok_or(libc::ESRCH)?;
        if let Some(signal) = signal {
            target.send(signal, self.sent(false), None);
        }
        Ok(())
    }

    /// `pthread_kill(3)`, `raise(3)`: a signal for a thread of this process.
    ///
    /// # Errors
    /// `ESRCH`
    pub(crate) fn kill_thread(&self, thread: u32, signal: Option<Signal>) -> Result<()> {
        self.enter(KILL);
        if !self.process.is_living(thread) {
            return Err(libc::ESRCH);
        }
        if let Some(signal) = signal {
            self.process.send(signal, self.sent(true), Some(thread));
        }
        Ok(())
    }

    /// `sigtimedwait(2)`: takes a signal of the set, which is to be blocked.
    ///
    /// # Errors
    /// `EAGAIN` if none came in that time, `EINTR` if another one did.
    pub(crate) fn wait_for_signal(&self, set: u64, timeout: Option<Duration>) -> Result<(Signal, Sent)> {
        self.enter(WAIT);
        let deadline = self.deadline(timeout);
        let who = self.process.with_thread(self.thread, |thread| thread.who);
        loop {
            if let Some(taken) = self.process.accept_signal(self.thread, set) {
                return Ok(taken);
            }
            let pending = Rc::clone(&self.process.signals.pending);
            pending.waiting().add(who, &self.process.waker(self.thread));
            let outcome = self.process.wait(self.thread, WAIT, deadline);
            pending.waiting().remove(who);
            match outcome {
                Outcome::Woken => {}
                Outcome::TimedOut => return Err(libc::EAGAIN),
                Outcome::Interrupted { .. } => return Err(libc::EINTR),
            }
        }
    }

    /// `sigsuspend(2)`: waits with these signals blocked until another one was taken.
    pub(crate) fn suspend(&self, blocked: u64) {
        let before = self.process.block(self.thread, blocked);
        self.pause();
        self.process.block(self.thread, before);
    }

    /// `signalfd(2)`: a new descriptor, or another set for one.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL` if it is none of signals, `EMFILE`
    pub(crate) fn signalfd(&self, descriptor: i32, set: u64, flags: i32) -> Result<i32> {
        self.enter(SIGNALFD);
        if descriptor != -1 {
            let file = self.process.file(descriptor)?;
            let Object::Signals(signals) = &file.object else { return Err(libc::EINVAL) };
            signals.set.set(set);
            return Ok(descriptor);
        }
        let signals = SignalFd::new(Rc::clone(&self.process.signals.pending), set);
        let file = File::new(Object::Signals(signals), flags & libc::SFD_NONBLOCK != 0);
        self.process.descriptors.borrow_mut().add(file, FIRST)
    }
}
