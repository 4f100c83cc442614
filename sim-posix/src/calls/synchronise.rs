//! How threads wait for each other: futexes, joins.

use sim_executor::{Instant, Label};

use super::Caller;
use crate::descriptor::Result;
use crate::host::wake_elsewhere;
use crate::process::{Outcome, State};

const FUTEX: Label = Label::new("posix.futex");
const WAKE: Label = Label::new("posix.futex_wake");
const JOIN: Label = Label::new("posix.join");
const SPAWN: Label = Label::new("posix.spawn");

impl Caller<'_> {
    /// Waits at a word of memory that was seen to be as expected.
    pub(crate) fn futex_wait(&self, address: usize, bits: u32, deadline: Option<Instant>) -> Outcome {
        self.process.call_kernel();
        self.process.futexes.borrow_mut().add(address, self.thread, bits);
        let outcome = self.process.wait(self.thread, FUTEX, deadline);
        self.process.futexes.borrow_mut().remove(self.thread);
        outcome
    }

    /// Wakes threads that wait at a word of memory, in the order in which they began to wait; how many. Those of other processes come
    /// last: the word may lie in a static, or in what a test has given to both.
    pub(crate) fn futex_wake(&self, address: usize, count_max: usize, bits: u32) -> usize {
        let own = self.process.wake_at(address, count_max, bits);
        let woken = own + wake_elsewhere(Some(self.process), address, count_max - own, bits);
        self.enter(WAKE);
        woken
    }

    /// Wakes some threads that wait at a word of memory, and has others wait at another; how many.
    pub(crate) fn futex_requeue(
        &self,
        (from, to): (usize, usize),
        wakes_max: usize,
        moves_max: usize,
    ) -> usize {
        let woken = self.futex_wake(from, wakes_max, u32::MAX);
        woken + self.process.futexes.borrow_mut().requeue(from, to, moves_max)
    }

    /// A thread was started: whether it or this one goes on is open.
    pub(crate) fn note_spawn(&self) {
        self.enter(SPAWN);
    }

    /// Waits until a thread has ended; what it has returned. The thread of the machine is gone as well.
    ///
    /// # Errors
    /// As `pthread_join(3)`.
    pub(crate) fn join(&self, real: libc::pthread_t) -> Result<usize> {
        self.process.call_kernel();
        let other = self.process.thread_by_name(real).ok_or(libc::ESRCH)?;
        if other == self.thread {
            return Err(libc::EDEADLK);
        }
        let is_taken = self.process.with_thread(other, |it| it.is_joined || it.is_detached);
        if is_taken {
            return Err(libc::EINVAL);
        }
        while self.process.with_thread(other, |it| it.state != State::Done) {
            self.process.join_at(self.thread, other, JOIN);
        }
        let result = self.process.with_thread(other, |it| {
            it.is_joined = true;
            it.result
        });
        crate::real::join(real);
        Ok(result)
    }
}
