//! What a thread does without the C library, where that is trapped.

use std::ffi::c_long;

use super::by_number;
use super::memory::{bytes_mut, pointer};
use super::place::ask;
use super::raw::answer;
use crate::escape::{self, Handled};
use crate::real::{Answers, trap_this_thread};

pub(super) const ANSWERS: Answers = Answers { raw_call, time_stamp };

/// Traps what this thread of a process does, if its process is set so.
pub(super) fn begin() {
    ask(|caller| {
        if caller.process.config.traps {
            for (what, errno) in trap_this_thread(caller.process.upcalls.answers) {
                let line = format!("seedbed: {what} cannot be trapped on this machine (error {errno})\n");
                caller.process.write_out(2, line.as_bytes());
            }
        }
        Some(())
    });
}

fn raw_call(number: c_long, arguments: [usize; 6]) -> Option<isize> {
    // SAFETY: who makes the call gives what it asks for.
    if let Some(answer) = unsafe { by_number::call(number, arguments) } {
        return Some(answer);
    }
    ask(|caller| {
        if number == libc::SYS_getrandom {
            let (room, length) = (pointer(arguments[0]), arguments[1]);
            // SAFETY: who makes the call gives room for so many bytes.
            let room = unsafe { bytes_mut(room, length) };
            escape::tell(Handled::Answered, || "raw getrandom".to_string());
            return Some(Some(crate::entropy::fill(room) as isize));
        }
        // SAFETY: who makes the call gives what it asks for.
        let answered = unsafe { answer(caller, number, arguments) };
        Some(answered.map(|result| match result {
            Ok(value) => value as isize,
            Err(errno) => -errno as isize,
        }))
    })
    .flatten()
}

fn time_stamp(is_in_clock: bool) -> Option<u64> {
    ask(|caller| {
        if is_in_clock {
            // Its answer is made of the counter, and of memory that the kernel changes: the time is that of the machine.
            escape::note(Handled::Passed, || "clock of the vdso".to_string());
            return None;
        }
        escape::tell(Handled::Answered, || "rdtsc".to_string());
        caller.process.read_clock();
        Some(super::clock::BOOT.as_nanos() as u64 + caller.process.now().as_nanos())
    })
}
