//! Runs in a process of the machine of their own: statics and thread-locals are as they were before.

use crate::host;
use crate::real::{self, ChildError};

/// Calls `what` in a child process of the machine, and gives the bytes that it gives. Statics and thread-locals of programs are there as
/// they are here, and what becomes of them is lost: so one run in each child is not changed by other runs.
///
/// The child has this thread alone. If other threads of this process may hold locks that `what` needs, such as those of an allocator that is
/// not the C library's, it waits for ever; so call it where there are none, as `#[seedbed::test(isolated)]` does.
///
/// ```
/// use std::sync::atomic::{AtomicU8, Ordering};
/// static RUNS: AtomicU8 = AtomicU8::new(0);
///
/// let counted = || sim_posix::in_child(|| vec![RUNS.fetch_add(1, Ordering::Relaxed)]);
/// assert_eq!((counted(), counted()), (Ok(vec![0]), Ok(vec![0])));
/// ```
///
/// # Errors
/// If the child ends by something else: a panic, a signal of the machine.
pub fn in_child(what: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, ChildError> {
    real::in_child(|| {
        without_rehearsal();
        what()
    })
}

/// The first run of this process of the machine with processes is as good as any other: it is the only one.
pub fn without_rehearsal() {
    host::had_processes();
}
