//! Traps for what a thread does without the C library, where the machine has them.

/// What answers what was trapped. `None` has the machine do it.
#[derive(Clone, Copy)]
pub(crate) struct Answers {
    /// A system call by its number: its result, or an error as a negative number.
    pub(crate) raw_call: fn(libc::c_long, [usize; 6]) -> Option<isize>,
    /// The time-stamp counter; whether a clock of the kernel's own code reads it.
    pub(crate) time_stamp: fn(bool) -> Option<u64>,
}

/// Traps what this thread does without the C library, until it ends. Gives what the machine does not trap, with the number of the error.
pub(crate) fn trap_this_thread(answers: Answers) -> Vec<(&'static str, i32)> {
    let results =
        [("the time-stamp counter", time_stamps(answers)), ("raw system calls", raw_calls(answers))];
    results.into_iter().filter_map(|(what, result)| Some((what, result.err()?))).collect()
}

#[cfg(target_arch = "x86_64")]
use super::{raw_calls::trap as raw_calls, time_stamps::trap as time_stamps};

#[cfg(not(target_arch = "x86_64"))]
fn raw_calls(answers: Answers) -> Result<(), i32> {
    let _ = (answers.raw_call, answers.time_stamp);
    Err(libc::ENOSYS)
}

#[cfg(not(target_arch = "x86_64"))]
fn time_stamps(_: Answers) -> Result<(), i32> {
    Err(libc::ENOSYS)
}
