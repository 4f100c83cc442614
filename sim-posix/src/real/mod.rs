//! The real C library below the one that answers: what this crate itself needs of the machine.
#![expect(unsafe_code, reason = "the C library is called, and its functions are looked up by name")]

#[cfg(target_arch = "x86_64")]
mod direct;
mod fork;
mod gate;
mod imports;
mod outer_pairs;
#[cfg(target_arch = "x86_64")]
mod raw_calls;
mod shared_words;
mod steps;
mod threads;
#[cfg(target_arch = "x86_64")]
mod time_stamps;
#[cfg(target_arch = "x86_64")]
mod trap;
mod traps;
mod turn;

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

pub use fork::ChildError;
pub(crate) use fork::in_child;
pub(crate) use gate::{Gate, Passed, Passing};
pub(crate) use imports::symbols;
pub(crate) use outer_pairs::{PairKind, closed_outside, make_outside, pair_of, stand_in};
pub(crate) use shared_words::{is_static, wait_for_others, wake_others};
pub(crate) use steps::{Stop, pause_steps, resume_steps, stop_after, stop_no_more};
pub(crate) use threads::{Entry, await_gone, create, join, leave, name_own, own_id, remember_end};
pub(crate) use traps::{Answers, trap_this_thread};
pub(crate) use turn::Turn;

/// The next definition of a function after that of this crate: the C library's.
pub(crate) fn next(known: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let before = known.load(Ordering::Relaxed);
    if !before.is_null() {
        return before;
    }
    // SAFETY: the name ends with a zero, and `RTLD_NEXT` is a handle that `dlsym` knows.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(
        !found.is_null(),
        "the C library has no {name:?}: sim-posix needs the one of GNU, linked dynamically"
    );
    known.store(found, Ordering::Relaxed);
    found
}

fn real_syscall() -> *mut c_void {
    static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    next(&REAL, c"syscall")
}

/// Where the C library makes system calls.
#[cfg(target_arch = "x86_64")]
fn address_of_syscall() -> usize {
    real_syscall().addr()
}

/// Makes a system call of the machine.
pub(crate) fn system_call(number: libc::c_long, arguments: [usize; 6]) -> libc::c_long {
    type SystemCall =
        unsafe extern "C" fn(libc::c_long, usize, usize, usize, usize, usize, usize) -> libc::c_long;
    // SAFETY: `syscall` takes a number and up to six words, which go into the same registers whether they are variadic or
    // not on the two architectures that are supported.
    let real: SystemCall = unsafe { std::mem::transmute(real_syscall()) };
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the callers, all in this folder, pass words that are valid for the call.
    unsafe { real(number, a, b, c, d, e, f) }
}

/// The settings of the stack for signals of the thread of the machine are written to `into`, and stay as they are: it carries other threads too.
pub(crate) fn tell_signal_stack(into: *mut libc::stack_t) -> i32 {
    if !into.is_null() {
        system_call(libc::SYS_sigaltstack, [0, into.addr(), 0, 0, 0, 0]);
    }
    0
}

/// Writes to the standard error of the process of the machine.
pub(crate) fn say(words: &str) {
    system_call(libc::SYS_write, [2, words.as_ptr().addr(), words.len(), 0, 0, 0]);
}

/// Whether this thread handles a signal of the machine, on the stack for that.
pub(crate) fn is_on_signal_stack() -> bool {
    // SAFETY: zeroes are valid for it.
    let mut stack: libc::stack_t = unsafe { std::mem::zeroed() };
    tell_signal_stack(&raw mut stack);
    stack.ss_flags & libc::SS_ONSTACK != 0
}

/// Sets what the machine does at a signal, and gives what it did.
fn set_action(signal: c_int, new: *const libc::sigaction, before: *mut libc::sigaction) {
    type Action = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;
    static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the type is that of `sigaction`.
    let real: Action = unsafe { std::mem::transmute(next(&REAL, c"sigaction")) };
    // SAFETY: the callers, all in this folder, give actions, or null.
    unsafe { real(signal, new, before) };
}

/// Has a signal end the process of the machine from now on, which is said.
pub(crate) fn end_at(signal: c_int) {
    // SAFETY: zeroes are a valid action, which is the default.
    let default: libc::sigaction = unsafe { std::mem::zeroed() };
    set_action(signal, &raw const default, std::ptr::null_mut());
    say(
        "\nseedbed: a thread of a process has done what a signal such as SIGSEGV comes for, which ends the test binary\n",
    );
}

/// Sets `errno` of this thread.
pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
    unsafe { *libc::__errno_location() = errno }
}
