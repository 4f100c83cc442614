//! Whose turn it is: of the runs of this process of the machine, one at a time has processes.
//!
//! Two of them would share the statics of the libraries that their programs use, with the locks in there: a thread of one run would
//! wait for a thread of the other, which nobody ever lets go on.

use std::sync::atomic::{AtomicU32, Ordering};

use super::system_call;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// How long it is waited at a time, in nanoseconds of real time.
const STEP_NANOS: i64 = 50_000_000;
/// After so many steps the turn is taken in any case: who has it is not torn down, as a run is that somebody still looks at.
const STEPS_MAX: u32 = 1_200;

/// The turn of a run, until it is dropped.
pub(crate) struct Turn(());

impl Turn {
    /// Waits, in real time, until no other run has processes.
    pub(crate) fn take() -> Self {
        for _ in 0..STEPS_MAX {
            if TAKEN.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                break;
            }
            let step = libc::timespec { tv_sec: 0, tv_nsec: STEP_NANOS };
            futex(libc::FUTEX_WAIT, 1, (&raw const step).addr());
        }
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.store(0, Ordering::Release);
        futex(libc::FUTEX_WAKE, 1, 0);
    }
}

fn futex(operation: i32, value: u32, timeout: usize) {
    let operation = (operation | libc::FUTEX_PRIVATE_FLAG) as usize;
    system_call(libc::SYS_futex, [(&raw const TAKEN).addr(), operation, value as usize, timeout, 0, 0]);
}
