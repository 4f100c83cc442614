//! System calls that a thread makes without the C library: trapped by Syscall User Dispatch.
//!
//! The kernel sends SIGSYS for each system call whose instruction lies outside of one range, here the code of the C library
//! (`Documentation/admin-guide/syscall-user-dispatch.rst` of Linux, since 5.11).

use std::cell::{Cell, UnsafeCell};
use std::ffi::{c_int, c_long, c_void};
use std::ops::Range;

use libc::dl_phdr_info;

use super::trap::Trap;
use super::{Answers, system_call};

const ALLOW: u8 = 0;
const BLOCK: u8 = 1;
/// In `siginfo_t`, why SIGSYS came.
const SYS_USER_DISPATCH: c_int = 2;

thread_local! {
    /// What the kernel looks at before each system call of this thread.
    static SELECTOR: UnsafeCell<u8> = const { UnsafeCell::new(ALLOW) };
    static ANSWERS: Cell<Option<Answers>> = const { Cell::new(None) };
}

static TRAP: Trap = Trap::new(libc::SIGSYS);

fn set_selector(value: u8) {
    // SAFETY: only this thread and the kernel know the byte, and the kernel only reads it.
    SELECTOR.with(|selector| unsafe { selector.get().write_volatile(value) });
}

/// Has the system calls of this thread trapped that are not made by the C library.
///
/// # Errors
/// The number of the error, if the kernel cannot do that.
pub(super) fn trap(answers: Answers) -> Result<(), i32> {
    const PR_SET_SYSCALL_USER_DISPATCH: usize = 59;
    const PR_SYS_DISPATCH_ON: usize = 1;
    let allowed = code_of_library().ok_or(libc::ENOEXEC)?;
    TRAP.take(on_call);
    ANSWERS.set(Some(answers));
    let selector = SELECTOR.with(|selector| selector.get().addr());
    let arguments =
        [PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, allowed.start, allowed.len(), selector, 0];
    if system_call(libc::SYS_prctl, arguments) != 0 {
        // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
        return Err(unsafe { *libc::__errno_location() });
    }
    set_selector(BLOCK);
    Ok(())
}

/// Called for a system call that was not made.
///
/// # Safety
/// It is called by the machine only.
unsafe extern "C" fn on_call(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the machine gives what it tells of the signal.
    if unsafe { (*info).si_code } != SYS_USER_DISPATCH {
        // SAFETY: these are the arguments of this call.
        return unsafe { TRAP.pass_on(info, context) };
    }
    set_selector(ALLOW);
    // SAFETY: the machine gives what the thread had in its registers, which it takes back at the end.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let word = |register: c_int| registers[register as usize] as usize;
    let number = word(libc::REG_RAX) as c_long;
    let arguments =
        [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10, libc::REG_R8, libc::REG_R9].map(word);
    // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
    let errno = unsafe { *libc::__errno_location() };
    let answer = ANSWERS.get().and_then(|answers| (answers.raw_call)(number, arguments));
    let result = answer.unwrap_or_else(|| match system_call(number, arguments) {
        // SAFETY: the same.
        -1 => -unsafe { *libc::__errno_location() } as isize,
        value => value as isize,
    });
    super::set_errno(errno);
    registers[libc::REG_RAX as usize] = result as i64;
    set_selector(BLOCK);
}

/// Where the code of the C library is: what contains its `syscall`.
fn code_of_library() -> Option<Range<usize>> {
    unsafe extern "C" fn look(info: *mut dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
        // SAFETY: it is called by `dl_iterate_phdr` below only, with what that gives, and the place that it got.
        let (info, found) = unsafe { (&*info, &mut *found.cast::<(usize, Option<Range<usize>>)>()) };
        // SAFETY: an object has so many headers.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD) {
            let begin = (info.dlpi_addr + header.p_vaddr) as usize;
            let range = begin..begin + header.p_memsz as usize;
            if range.contains(&found.0) {
                found.1 = Some(range);
                return 1;
            }
        }
        0
    }
    let mut found = (super::address_of_syscall(), None::<Range<usize>>);
    // SAFETY: `look` is given what it expects, and is called in this call only.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
    found.1
}
