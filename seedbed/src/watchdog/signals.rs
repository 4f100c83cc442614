//! Signals of the system: those that end a process for what it did, by which its last words are said, and one that asks a thread for its stack.
#![expect(unsafe_code, reason = "the standard library has no handlers of signals")]

use std::backtrace::Backtrace;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, OnceLock};

use libc::{sigaction, siginfo_t};

/// Those that come for what a thread did itself, by their names.
const FATAL: [(c_int, &str); 5] = [
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
];

/// Who handled each of them before.
static BEFORE: [OnceLock<sigaction>; FATAL.len()] = [const { OnceLock::new() }; FATAL.len()];

/// What is called, with the name of the signal, on the thread to which it comes.
static SAY: OnceLock<fn(&'static str)> = OnceLock::new();

/// Has this called when a signal comes that ends the process, before who handled it so far. It may take no lock that it
/// could have to wait for, and no memory: the thread may be anywhere.
pub(super) fn before_the_end(say: fn(&'static str)) {
    if SAY.set(say).is_err() {
        return;
    }
    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = fatal;
    for ((signal, _), before) in FATAL.iter().zip(&BEFORE) {
        // On the stack that std keeps for it, as the thread's own may be full.
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        if let Some(of_before) = handle(*signal, handler as *const () as usize, flags) {
            let _ = before.set(of_before);
        }
    }
}

extern "C" fn fatal(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(at) = FATAL.iter().position(|(number, _)| *number == signal) else { return };
    // SAFETY: the system gives a pointer to what it knows of the signal to a handler with `SA_SIGINFO`.
    let code = unsafe { (*info).si_code };
    // A trap that somebody set has another code: an access that is not allowed, and no address that is not there.
    let is_meant = signal != libc::SIGSEGV || matches!(code, 1 | 2);
    if is_meant && let Some(say) = SAY.get() {
        say(FATAL[at].1);
    }
    if signal != libc::SIGABRT {
        // std aborts when a stack has overflowed. A second handler need not fit on the stack that is kept for them, and all
        // is said.
        of_machine(|| handle(libc::SIGABRT, libc::SIG_DFL, 0));
    }
    let before = BEFORE[at].get().filter(|before| before.sa_sigaction != libc::SIG_DFL);
    let Some(before) = before else {
        return end_by(signal);
    };
    if before.sa_sigaction == libc::SIG_IGN {
        return;
    }
    if before.sa_flags & libc::SA_SIGINFO == 0 {
        // SAFETY: whoever put it there without `SA_SIGINFO` has given a function of this type to the system.
        let handler =
            unsafe { std::mem::transmute::<libc::sighandler_t, extern "C" fn(c_int)>(before.sa_sigaction) };
        handler(signal);
    } else {
        // SAFETY: whoever put it there with `SA_SIGINFO` has given a function of this type to the system.
        let handler = unsafe {
            std::mem::transmute::<libc::sighandler_t, extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(
                before.sa_sigaction,
            )
        };
        handler(signal, info, context);
    }
}

/// Has this thread ended by a signal, and the process with it, when the handler has returned.
fn end_by(signal: c_int) {
    of_machine(|| {
        handle(signal, libc::SIG_DFL, 0);
        // SAFETY: it may be called in a handler.
        unsafe { libc::raise(signal) };
    });
}

/// Calls what the machine is to answer: to a thread of a process of a run, the run would answer.
fn of_machine<R>(what: impl FnOnce() -> R) -> R {
    #[cfg(feature = "posix")]
    return sim_posix::outside(what);
    #[cfg(not(feature = "posix"))]
    what()
}

/// Sets who handles a signal, and gives who did before; `None` if the system refuses.
fn handle(signal: c_int, handler: libc::sighandler_t, flags: c_int) -> Option<sigaction> {
    // SAFETY: all its parts are numbers, pointers that may be null, and sets of bits.
    let mut new: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    new.sa_sigaction = handler;
    new.sa_flags = flags;
    // SAFETY: as above.
    let mut before: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: both are whole, and nobody else writes them.
    let refused = unsafe { libc::sigaction(signal, ptr::from_ref(&new), ptr::from_mut(&mut before)) };
    (refused == 0).then_some(before)
}

/// Writes to standard error, and gives how much; `None` if it cannot be written to.
pub(super) fn write_to_stderr(bytes: &[u8]) -> Option<usize> {
    // SAFETY: the bytes are there, as many as is said.
    let written = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(written).ok().filter(|count| *count > 0)
}

/// The stack of the thread that was asked last.
static STACK: Mutex<Option<Backtrace>> = Mutex::new(None);

extern "C" fn tell_stack(_: c_int) {
    if let Ok(mut stack) = STACK.try_lock() {
        *stack = Some(Backtrace::force_capture());
    }
}

/// Asks a thread of this process, by its number, for its stack, wherever it stands. It tells it a moment later, if it can: [`told_stack`].
#[cfg(target_os = "linux")]
pub(super) fn ask_for_stack(thread: i32) {
    // Nobody else is likely to use it, and who does not know it ignores it. It needs more stack than std keeps for signals.
    let handler: extern "C" fn(c_int) = tell_stack;
    if handle(libc::SIGURG, handler as *const () as usize, libc::SA_RESTART).is_some() {
        // SAFETY: it takes numbers only, and fails where there is no such thread.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGURG) };
    }
}

/// What the thread has told that was asked.
#[cfg(target_os = "linux")]
pub(super) fn told_stack() -> Option<Backtrace> {
    STACK.try_lock().ok()?.take()
}
