//! System calls by their numbers: how std and many crates reach futexes, and some getrandom.

use std::ffi::{c_int, c_long};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::timespec;

use super::by_number;
use super::clock::{BOOT, until};
use super::memory::{duration_at, pointer, timespec as timespec_of};
use super::place::{ask, ask_native, is_in_process};
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::Result;
use crate::escape::{self, Handled};
use crate::host::wake_elsewhere;
use crate::process::Outcome;
use crate::real::set_errno;

/// Calls that tell nothing of the machine and change nothing that the run answers for.
const HARMLESS: &[c_long] = &[libc::SYS_membarrier, libc::SYS_statx, libc::SYS_rseq, libc::SYS_close_range];
const IO_URING: &[c_long] =
    &[libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];

/// Calls that make another process, or become another program.
const FORKS: &[c_long] = &[
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// Waits while a word is as expected.
fn futex_wait(
    caller: Caller<'_>,
    word: &AtomicU32,
    (value, bits): (u32, u32),
    timeout: Option<Duration>,
) -> Result<usize> {
    let deadline = caller.deadline(timeout);
    loop {
        if word.load(Ordering::SeqCst) != value {
            return Err(libc::EAGAIN);
        }
        if caller.process.wait_for_others(word, value) {
            return Ok(0);
        }
        match caller.futex_wait(std::ptr::from_ref(word).addr(), bits, deadline) {
            Outcome::Woken => return Ok(0),
            Outcome::TimedOut => return Err(libc::ETIMEDOUT),
            Outcome::Interrupted { restarts: true } => {}
            Outcome::Interrupted { restarts: false } => return Err(libc::EINTR),
        }
    }
}

/// A futex call of a process; `None` where the run does not know the operation.
///
/// # Safety
/// The arguments are those of the call.
unsafe fn futex(caller: Caller<'_>, arguments: [usize; 6]) -> Option<Result<usize>> {
    let [address, operation, value, timeout, other, last] = arguments;
    let (operation, value) = (operation as c_int, value as u32);
    let command = operation & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
    let has_bits = matches!(command, libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAKE_BITSET);
    let bits = if has_bits { last as u32 } else { u32::MAX };
    Some(match command {
        libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET => {
            // SAFETY: the caller gives a word of its memory.
            let word = unsafe { AtomicU32::from_ptr(pointer(address)) };
            let timeout = pointer::<timespec>(timeout);
            let rest = match timeout.is_null() {
                true => None,
                false if command == libc::FUTEX_WAIT => {
                    // SAFETY: the caller gives a time, or null.
                    Some(unsafe { duration_at(timeout) }.unwrap_or_default())
                }
                false => {
                    let is_wall = operation & libc::FUTEX_CLOCK_REALTIME != 0;
                    let clock = if is_wall { libc::CLOCK_REALTIME } else { libc::CLOCK_MONOTONIC };
                    // SAFETY: the same.
                    Some(until(caller.process, clock, unsafe { *timeout }))
                }
            };
            futex_wait(caller, word, (value, bits), rest)
        }
        libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => {
            let woken = caller.futex_wake(address, value as usize, bits);
            if woken < value as usize {
                crate::real::wake_others(address);
            }
            Ok(woken)
        }
        libc::FUTEX_REQUEUE | libc::FUTEX_CMP_REQUEUE => {
            // SAFETY: the caller gives a word of its memory.
            let word = unsafe { AtomicU32::from_ptr(pointer(address)) };
            if command == libc::FUTEX_CMP_REQUEUE && word.load(Ordering::SeqCst) != last as u32 {
                return Some(Err(libc::EAGAIN));
            }
            Ok(caller.futex_requeue((address, other), value as usize, timeout))
        }
        _ => {
            escape::note(Handled::Passed, || format!("futex operation {command}"));
            return None;
        }
    })
}

/// A native task wakes who waits at a word of memory: threads of processes too, which do not wait in the machine.
fn wake_from_native([address, operation, value, _, _, last]: [usize; 6]) {
    let command = operation as c_int & !libc::FUTEX_PRIVATE_FLAG;
    let bits = match command {
        libc::FUTEX_WAKE => u32::MAX,
        libc::FUTEX_WAKE_BITSET => last as u32,
        _ => return,
    };
    ask_native(|_| wake_elsewhere(None, address, value, bits));
}

/// What the run answers to a call by its number.
///
/// # Safety
/// The arguments are those of the call.
pub(super) unsafe fn answer(
    caller: Caller<'_>,
    number: c_long,
    arguments: [usize; 6],
) -> Option<Result<usize>> {
    let [first, second, ..] = arguments;
    match number {
        // SAFETY: so it was promised.
        libc::SYS_futex => unsafe { futex(caller, arguments) },
        libc::SYS_clock_gettime => {
            caller.process.read_clock();
            let is_wall = matches!(first as c_int, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE);
            let now = match is_wall {
                true => caller.process.system_now(),
                false => BOOT + Duration::from_nanos(caller.process.now().as_nanos()),
            };
            // SAFETY: the caller gives room for a time.
            unsafe { *pointer::<timespec>(second) = timespec_of(now) };
            Some(Ok(0))
        }
        libc::SYS_sched_yield => {
            caller.yield_now();
            Some(Ok(0))
        }
        libc::SYS_getpid => Some(Ok(caller.process.id() as usize)),
        libc::SYS_gettid => Some(Ok(caller.process.thread_id(caller.thread) as usize)),
        _ if IO_URING.contains(&number) => {
            escape::tell(Handled::Refused, || "io_uring".to_string());
            caller.process.write_out(2, b"seedbed: io_uring is not answered (ENOSYS)\n");
            Some(Err(libc::ENOSYS))
        }
        number if FORKS.contains(&number) => {
            escape::tell(Handled::Refused, || "fork".to_string());
            caller.process.write_out(2, b"seedbed: a process cannot fork inside a run (ENOSYS)\n");
            Some(Err(libc::ENOSYS))
        }
        _ => {
            if !HARMLESS.contains(&number) {
                escape::note(Handled::Passed, || format!("syscall({number})"));
            }
            None
        }
    }
}

symbols! {
    /// A system call. Its arguments are variadic, which go the same way on both architectures.
    fn syscall(number: c_long, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> c_long {
        if number == libc::SYS_getrandom {
            // SAFETY: the caller gives room for so many bytes.
            unsafe { super::entropy::fill(pointer(a), b) }.then_some(b as c_long)
        } else {
            if number == libc::SYS_futex {
                wake_from_native([a, b, c, d, e, f]);
            }
            let arguments = [a, b, c, d, e, f];
            // SAFETY: the caller gives the arguments of the call.
            let by_number = is_in_process().then(|| unsafe { by_number::call(number, arguments) }).flatten();
            let of_function = by_number.map(|answer| if answer < 0 { Err(-answer as c_int) } else { Ok(answer as usize) });
            // SAFETY: the same.
            of_function.or_else(|| ask(|caller| unsafe { answer(caller, number, arguments) })).map(|result| match result {
                Ok(value) => value as c_long,
                Err(errno) => {
                    set_errno(errno);
                    -1
                }
            })
        }
    }
}
