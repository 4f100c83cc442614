//! The gate of a thread: closed, it waits, and one thread opens it for another.

use std::sync::atomic::{AtomicU32, Ordering};

use super::system_call;

/// How a thread passes the baton: it opens the gate of another, then waits at its own.
///
/// All that a thread did before it opens a gate is seen by who passes that gate.
pub(crate) struct Gate(AtomicU32);

const CLOSED: u32 = 0;
const OPEN: u32 = 1;
const TO_LEAVE: u32 = 2;

/// Why a thread passes its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It has the baton.
    GoOn,
    /// Its process is over, so that it has to leave without running more of its code.
    Leave,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate(AtomicU32::new(CLOSED))
    }

    /// Lets the thread go on that waits here, or will.
    pub(crate) fn open(&self) {
        self.set(OPEN);
    }

    /// Has the thread leave that waits here, or will.
    pub(crate) fn dismiss(&self) {
        self.set(TO_LEAVE);
    }

    fn set(&self, state: u32) {
        self.0.store(state, Ordering::Release);
        self.futex(libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
    }

    /// Waits until the gate is open, and closes it behind itself.
    pub(crate) fn wait(&self) -> Passed {
        loop {
            match self.0.swap(CLOSED, Ordering::Acquire) {
                CLOSED => self.futex(libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, CLOSED),
                OPEN => return Passed::GoOn,
                _ => return Passed::Leave,
            }
        }
    }

    fn futex(&self, operation: i32, value: u32) {
        let word = (&raw const self.0).addr();
        // What it says does not matter: the word is looked at again.
        system_call(libc::SYS_futex, [word, operation as usize, value as usize, 0, 0, 0]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn who_waits_passes_once_for_each_opening() {
        let gates = Arc::new([Gate::new(), Gate::new()]);
        let theirs = Arc::clone(&gates);
        let thread = std::thread::Builder::new().spawn(move || {
            let mut passed = 0;
            while theirs[0].wait() == Passed::GoOn {
                passed += 1;
                theirs[1].open();
            }
            passed
        });
        for _ in 0..100 {
            gates[0].open();
            assert_eq!(gates[1].wait(), Passed::GoOn);
        }
        gates[0].dismiss();
        assert_eq!(thread.unwrap().join().unwrap(), 100);
    }
}
