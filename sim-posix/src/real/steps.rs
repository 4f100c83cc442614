//! Single steps: a thread runs so many instructions of the program, then a function is called on it.
//!
//! The processor raises a trap after each instruction while its trap flag is set (Intel SDM, volume 3, 18.3.1.4). Only what lies in
//! the executable counts, since the C library may take more or fewer instructions for the same work.

use std::cell::Cell;
#[cfg(target_arch = "x86_64")]
use std::ffi::{c_int, c_void};

#[cfg(target_arch = "x86_64")]
use super::trap::Trap;

/// Traps outside of the executable before a thread is let go without having been stopped. Each takes about a microsecond.
#[cfg(target_arch = "x86_64")]
const OUTSIDE_MAX: u32 = 65_536;

/// Where a thread is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// After so many instructions of the program.
    pub(crate) count: u32,
    /// Only those count that change memory which is shared, in one step: locks are taken with such, and atomics changed.
    pub(crate) only_synchronising: bool,
}

/// What is left for a thread to do until it is stopped.
struct Steps {
    /// Zero if it is not to be stopped.
    left: Cell<u32>,
    #[cfg(target_arch = "x86_64")]
    only_synchronising: Cell<bool>,
    #[cfg(target_arch = "x86_64")]
    outside: Cell<u32>,
    /// Nothing counts: this crate answers a call.
    is_paused: Cell<bool>,
    at_last: Cell<Option<fn()>>,
}

thread_local! {
    static STEPS: Steps = const {
        Steps {
            left: Cell::new(0),
            #[cfg(target_arch = "x86_64")]
            only_synchronising: Cell::new(false),
            #[cfg(target_arch = "x86_64")]
            outside: Cell::new(0),
            is_paused: Cell::new(false),
            at_last: Cell::new(None),
        }
    };
}

/// Has `at_last` called on this thread at that stop, which begins at the next [`resume_steps`]. Where the processor cannot do
/// that, it is never called.
pub(crate) fn stop_after(stop: Stop, at_last: fn()) {
    #[cfg(target_arch = "x86_64")]
    TRAP.take(on_trap);
    STEPS.with(|steps| {
        steps.left.set(stop.count);
        #[cfg(target_arch = "x86_64")]
        {
            steps.only_synchronising.set(stop.only_synchronising);
            steps.outside.set(0);
        }
        steps.at_last.set(Some(at_last));
    });
}

/// This thread is not to be stopped any more.
pub(crate) fn stop_no_more() {
    STEPS.with(|steps| steps.left.set(0));
}

/// What this thread does now does not count.
pub(crate) fn pause_steps() {
    STEPS.with(|steps| {
        steps.is_paused.set(true);
        if steps.left.get() != 0 {
            set_trap_flag(false);
        }
    });
}

/// What this thread does counts again.
pub(crate) fn resume_steps() {
    STEPS.with(|steps| {
        steps.is_paused.set(false);
        if steps.left.get() != 0 {
            set_trap_flag(true);
        }
    });
}

#[cfg(not(target_arch = "x86_64"))]
fn set_trap_flag(_: bool) {}

#[cfg(target_arch = "x86_64")]
const TRAP_FLAG: i64 = 1 << 8;

#[cfg(target_arch = "x86_64")]
fn set_trap_flag(is_on: bool) {
    // SAFETY: one bit of the flags changes, which no compiler knows. The stack is used, and the compiler is not told otherwise.
    unsafe {
        if is_on {
            std::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq");
        } else {
            std::arch::asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq");
        }
    }
}

#[cfg(target_arch = "x86_64")]
static TRAP: Trap = Trap::new(libc::SIGTRAP);

// SAFETY: these are names that the linker gives to the beginning and the end of the program's code.
#[cfg(target_arch = "x86_64")]
unsafe extern "C" {
    static __executable_start: u8;
    static etext: u8;
}

/// Called after each instruction.
///
/// # Safety
/// It is called by the machine only.
#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn on_trap(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the machine gives what it tells of the signal.
    if unsafe { (*info).si_code } != libc::TRAP_TRACE {
        // SAFETY: these are the arguments of this call.
        return unsafe { TRAP.pass_on(info, context) };
    }
    // SAFETY: the machine gives what the thread had in its registers, which it takes back at the end.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let flags = libc::REG_EFL as usize;
    let at_last = STEPS.with(|steps| {
        if steps.is_paused.get() {
            return None;
        }
        if steps.left.get() == 0 {
            registers[flags] &= !TRAP_FLAG;
            return None;
        }
        let own = (&raw const __executable_start).addr()..(&raw const etext).addr();
        let next = registers[libc::REG_RIP as usize] as usize;
        if !own.contains(&next) {
            steps.outside.set(steps.outside.get() + 1);
            if steps.outside.get() == OUTSIDE_MAX {
                steps.left.set(0);
            }
            return None;
        }
        // SAFETY: it is the place of an instruction of the executable, which comes next.
        if steps.only_synchronising.get() && !unsafe { is_synchronising(next as *const u8) } {
            return None;
        }
        steps.left.set(steps.left.get() - 1);
        if steps.left.get() == 0 { steps.at_last.get() } else { None }
    });
    if let Some(at_last) = at_last {
        registers[flags] &= !TRAP_FLAG;
        // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
        let errno = unsafe { *libc::__errno_location() };
        at_last();
        super::set_errno(errno);
    }
}

/// Whether an instruction has the prefix `lock`, or is an exchange with memory, which locks by itself (Intel SDM, volume 2, `LOCK`, `XCHG`).
///
/// # Safety
/// `at` is the place of an instruction.
#[cfg(target_arch = "x86_64")]
unsafe fn is_synchronising(mut at: *const u8) -> bool {
    const LOCK: u8 = 0xf0;
    const SIZE_AND_SEGMENTS: [u8; 7] = [0x66, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];
    // SAFETY: an instruction does not end with a prefix, nor an exchange before the byte that says where its operand is.
    let mut byte = || unsafe {
        let byte = *at;
        at = at.add(1);
        byte
    };
    let mut first = byte();
    while SIZE_AND_SEGMENTS.contains(&first) {
        first = byte();
    }
    if matches!(first, 0x40..=0x4f) {
        first = byte();
    }
    match first {
        LOCK => true,
        0x86 | 0x87 => byte() < 0xc0,
        _ => false,
    }
}
