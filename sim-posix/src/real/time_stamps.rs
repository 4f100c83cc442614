//! Reads of the processor's time-stamp counter: trapped, and answered with virtual time.
//!
//! After `prctl(PR_SET_TSC, PR_TSC_SIGSEGV)` the instructions `rdtsc` and `rdtscp` of a thread are faults (prctl(2)).

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use super::trap::Trap;
use super::{Answers, system_call};

/// In `siginfo_t`: the fault has no address, as one of an instruction that is forbidden.
const SI_KERNEL: c_int = 0x80;
const RDTSC: [u8; 2] = [0x0f, 0x31];
const RDTSCP: [u8; 3] = [0x0f, 0x01, 0xf9];

thread_local! {
    static ANSWERS: Cell<Option<Answers>> = const { Cell::new(None) };
}

static TRAP: Trap = Trap::new(libc::SIGSEGV);

fn set(how: c_int) -> bool {
    system_call(libc::SYS_prctl, [libc::PR_SET_TSC as usize, how as usize, 0, 0, 0, 0]) == 0
}

/// Has the reads of the counter on this thread trapped.
///
/// # Errors
/// The number of the error, if the machine cannot do that.
pub(super) fn trap(answers: Answers) -> Result<(), i32> {
    TRAP.take(on_fault);
    ANSWERS.set(Some(answers));
    if set(libc::PR_TSC_SIGSEGV) {
        return Ok(());
    }
    // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
    Err(unsafe { *libc::__errno_location() })
}

/// The counter of the machine.
fn real_counter() -> u64 {
    set(libc::PR_TSC_ENABLE);
    // SAFETY: every x86-64 has the instruction, and it is allowed here.
    let counter = unsafe { std::arch::x86_64::_rdtsc() };
    set(libc::PR_TSC_SIGSEGV);
    counter
}

/// Called for each fault of memory, a read of the counter among them.
///
/// # Safety
/// It is called by the machine only.
unsafe extern "C" fn on_fault(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the machine gives what the thread had in its registers, which it takes back at the end.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let at = registers[libc::REG_RIP as usize] as usize;
    let is_at = |instruction: &[u8]| {
        // SAFETY: there is an instruction, which the processor has read, and each byte is looked at only if those before it are of the
        // one that is looked for, so that there are more.
        (0..instruction.len()).all(|place| unsafe { *(at as *const u8).add(place) } == instruction[place])
    };
    // SAFETY: the machine gives what it tells of the signal.
    let is_forbidden = unsafe { (*info).si_code } == SI_KERNEL;
    let length = match ANSWERS.get() {
        Some(_) if is_forbidden && is_at(&RDTSC) => RDTSC.len(),
        Some(_) if is_forbidden && is_at(&RDTSCP) => RDTSCP.len(),
        // SAFETY: these are the arguments of this call.
        _ => return unsafe { TRAP.pass_on(info, context) },
    };
    // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
    let errno = unsafe { *libc::__errno_location() };
    let counter = ANSWERS.get().and_then(|answers| (answers.time_stamp)(is_in_vdso(at)));
    let counter = counter.unwrap_or_else(real_counter);
    super::set_errno(errno);
    registers[libc::REG_RAX as usize] = (counter & 0xffff_ffff) as i64;
    registers[libc::REG_RDX as usize] = (counter >> 32) as i64;
    if length == RDTSCP.len() {
        // The number of the CPU.
        registers[libc::REG_RCX as usize] = 0;
    }
    registers[libc::REG_RIP as usize] += length as i64;
}

/// Whether code lies in the part of the kernel that every program has: it reads clocks.
fn is_in_vdso(at: usize) -> bool {
    // No kernel's is larger.
    const BYTES_MAX: usize = 4 * 4_096;
    // SAFETY: it only asks.
    let begin = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as usize;
    begin != 0 && (begin..begin + BYTES_MAX).contains(&at)
}
