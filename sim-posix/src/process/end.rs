//! How a process ends.

use std::sync::Arc;

use sim_executor::context;

use super::{Process, State};
use crate::real;

/// How a process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its main function has returned.
    Returned,
    /// It has called `exit`.
    Exited(i32),
    /// A signal has ended it.
    Signalled(i32),
}

impl Process {
    /// Says how it ends; none of its code runs after the current thread has passed the baton on. What was said first counts.
    pub(crate) fn end(&self, how: End) {
        self.end.borrow_mut().get_or_insert(how);
    }

    /// Whether it is stopped until a signal has it go on.
    pub(crate) fn is_stopped(&self) -> bool {
        self.signals.is_stopped()
    }

    /// How it has ended, if it has.
    pub(crate) fn how_ended(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Ends all threads without running more of their code, closes all descriptors, and tells what is left of the output.
    pub(crate) fn shut_down(&self) {
        // Taken out first: nothing is borrowed when a descriptor is closed.
        let threads = std::mem::take(&mut *self.threads.borrow_mut());
        for thread in threads.iter().filter(|thread| !thread.is_joined) {
            if thread.state == State::Done {
                real::join(thread.real);
            } else {
                // Its stack and its thread-locals stay where they are, for ever: a static of a library may lead to them, as the
                // table of parked threads of parking_lot does.
                thread.gate.dismiss();
                // The thread of the machine looks at the gate until it has left.
                std::mem::forget(Arc::clone(&thread.gate));
            }
        }
        threads.iter().for_each(|thread| context::end_actor(thread.actor));
        self.runnable.borrow_mut().clear();
        let descriptors = std::mem::take(&mut *self.descriptors.borrow_mut());
        drop(descriptors);
        self.output.iter().for_each(|output| output.flush());
    }
}

impl Process {
    /// Ends the process from one of its threads, which does not come back.
    pub(crate) fn leave(&self, thread: u32, how: End) -> ! {
        self.end(how);
        loop {
            self.with_thread(thread, |it| it.state = State::Waiting);
            self.pass_baton(thread);
        }
    }
}
