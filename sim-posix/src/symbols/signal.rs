//! Signals: what is done at them, who blocks them, sending them, waiting for them.

use std::ffi::{c_int, c_void};

use libc::{pid_t, pthread_t, sighandler_t, siginfo_t, sigset_t, timespec};

use super::memory::{done, duration_at, status};
use super::place::{as_program, ask, ask_about};
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::{Result, Sent};
use crate::process::{Action, Handling};
use crate::real::{end_at, set_errno, tell_signal_stack};
use crate::signal::Signal;

/// Where `si_pid` is in a `siginfo_t` of a signal that a process has sent, in bytes.
const SENDER: usize = 16;
const _: () = assert!(std::mem::size_of::<siginfo_t>() == 128 && std::mem::size_of::<sigset_t>() >= 8);

/// What the machine sends a thread for what it does.
const FAULTS: [c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// Calls a program's function for a signal, on the thread that takes it.
pub(crate) fn call_handler(handling: &Handling) {
    let Handling { action, signal, sent } = handling;
    // SAFETY: glibc gives a pointer to this thread's `errno`, which the function may change; who called must not see that.
    let errno = unsafe { *libc::__errno_location() };
    as_program(|| {
        let number = signal.number();
        if action.flags & libc::SA_SIGINFO == 0 {
            // SAFETY: the program has said that this is its function, of this type.
            let function: extern "C" fn(c_int) = unsafe { std::mem::transmute(action.handler) };
            function(number);
        } else {
            // SAFETY: both are plain data, for which zeroes are valid.
            let (mut info, mut context) =
                unsafe { (std::mem::zeroed::<siginfo_t>(), std::mem::zeroed::<libc::ucontext_t>()) };
            // SAFETY: the room is that of `info`, whose size was looked at above.
            unsafe { give_info(&raw mut info, *signal, *sent) };
            // SAFETY: as above, with the flag that says so.
            let function: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                unsafe { std::mem::transmute(action.handler) };
            function(number, &raw mut info, (&raw mut context).cast());
        }
    });
    set_errno(errno);
}

/// # Safety
/// `info` leads to room for one.
unsafe fn give_info(info: *mut siginfo_t, signal: Signal, sent: Sent) {
    // SAFETY: so it was promised; zeroes are valid for it.
    unsafe {
        info.write_bytes(0, 1);
        (*info).si_signo = signal.number();
        (*info).si_code = if sent.is_for_thread { libc::SI_TKILL } else { libc::SI_USER };
        info.cast::<u8>().add(SENDER).cast::<pid_t>().write_unaligned(sent.by);
    }
}

/// # Safety
/// `set` leads to a set of signals.
unsafe fn set_at(set: *const sigset_t) -> u64 {
    // SAFETY: so it was promised; the first word of a set has the first 64 signals, of which there are no more.
    unsafe { set.cast::<u64>().read_unaligned() }
}

/// # Safety
/// `room` is null or leads to room for a set.
unsafe fn give_set(room: *mut sigset_t, set: u64) {
    if !room.is_null() {
        // SAFETY: so it was promised.
        unsafe {
            room.write_bytes(0, 1);
            room.cast::<u64>().write_unaligned(set);
        }
    }
}

/// A signal for which something can be set.
fn settable(number: c_int) -> Result<Signal> {
    Signal::new(number).filter(|signal| !signal.is_forced()).ok_or(libc::EINVAL)
}

/// A signal that is to be sent, or none to look only.
fn sendable(number: c_int) -> Result<Option<Signal>> {
    if number == 0 { Ok(None) } else { Signal::new(number).map(Some).ok_or(libc::EINVAL) }
}

/// # Safety
/// `new` is null or leads to a setting, `before` is null or leads to room for one.
unsafe fn set_action(
    caller: Caller<'_>,
    number: c_int,
    new: *const libc::sigaction,
    before: *mut libc::sigaction,
) -> Result<()> {
    let signal = match Signal::new(number) {
        // What they do can be asked.
        Some(forced) if forced.is_forced() && new.is_null() => forced,
        _ => settable(number)?,
    };
    let signals = &caller.process.signals;
    let was = signals.action(signal);
    if !new.is_null() {
        // SAFETY: so it was promised.
        let new = unsafe { &*new };
        // SAFETY: the set is a part of it.
        let mask = unsafe { set_at(&raw const new.sa_mask) };
        signals.set_action(signal, Action { handler: new.sa_sigaction, flags: new.sa_flags, mask });
        // The handler of std, for one: what has brought the signal about comes again when it returns, and is to end the process of the machine.
        if new.sa_sigaction == libc::SIG_DFL && FAULTS.contains(&number) {
            end_at(number);
        }
    }
    if !before.is_null() {
        // SAFETY: so it was promised; zeroes are valid for it.
        unsafe {
            before.write_bytes(0, 1);
            (*before).sa_sigaction = was.handler;
            (*before).sa_flags = was.flags;
            give_set(&raw mut (*before).sa_mask, was.mask);
        }
    }
    Ok(())
}

/// # Safety
/// `set` is null or leads to one, `before` is null or leads to room for one.
unsafe fn block(caller: Caller<'_>, how: c_int, set: *const sigset_t, before: *mut sigset_t) -> Result<()> {
    let was = caller.process.with_thread(caller.thread, |it| it.blocked);
    if !set.is_null() {
        // SAFETY: so it was promised.
        let set = unsafe { set_at(set) };
        let blocked = match how {
            libc::SIG_BLOCK => was | set,
            libc::SIG_UNBLOCK => was & !set,
            libc::SIG_SETMASK => set,
            _ => return Err(libc::EINVAL),
        };
        caller.process.block(caller.thread, blocked);
    }
    // SAFETY: so it was promised.
    unsafe { give_set(before, was) };
    Ok(())
}

/// # Safety
/// `set` leads to one, `info` is null or leads to room for one, `timeout` is null or leads to a time.
unsafe fn wait(
    caller: Caller<'_>,
    set: *const sigset_t,
    info: *mut siginfo_t,
    timeout: *const timespec,
) -> Result<c_int> {
    // SAFETY: so it was promised.
    let (set, timeout) = unsafe { (set_at(set), duration_at(timeout)) };
    let (signal, sent) = caller.wait_for_signal(set, timeout)?;
    if !info.is_null() {
        // SAFETY: so it was promised.
        unsafe { give_info(info, signal, sent) };
    }
    Ok(signal.number())
}

fn number_of(result: Result<()>) -> c_int {
    result.err().unwrap_or(0)
}

symbols! {
    /// Sets the stack on which functions for signals are called. Those of a process are called on the stack that its
    /// thread has, and the thread of the machine that carries it keeps its own.
    fn sigaltstack(new: *const libc::stack_t, before: *mut libc::stack_t) -> c_int {
        let _ = new;
        ask(|caller| caller.process.is_carried().then(|| tell_signal_stack(before)))
    }

    /// What is done at a signal.
    fn sigaction(signal: c_int, new: *const libc::sigaction, before: *mut libc::sigaction) -> c_int {
        // SAFETY: the caller gives a setting, and room for one, or null.
        ask(|caller| Some(done(unsafe { set_action(caller, signal, new, before) })))
    }

    /// The same, with what most want.
    fn signal(signal: c_int, handler: sighandler_t) -> sighandler_t {
        ask(|caller| Some(match settable(signal) {
            Ok(signal) => {
                let was = caller.process.signals.action(signal).handler;
                caller.process.signals.set_action(signal, Action { handler, flags: libc::SA_RESTART, mask: 0 });
                was
            }
            Err(errno) => {
                set_errno(errno);
                libc::SIG_ERR
            }
        }))
    }

    /// Which signals this thread blocks.
    fn sigprocmask(how: c_int, set: *const sigset_t, before: *mut sigset_t) -> c_int {
        // SAFETY: the caller gives a set, and room for one, or null.
        ask(|caller| Some(done(unsafe { block(caller, how, set, before) })))
    }

    /// The same; the error is what it gives.
    fn pthread_sigmask(how: c_int, set: *const sigset_t, before: *mut sigset_t) -> c_int {
        // SAFETY: the caller gives a set, and room for one, or null.
        ask(|caller| Some(number_of(unsafe { block(caller, how, set, before) })))
    }

    /// Which signals wait.
    fn sigpending(set: *mut sigset_t) -> c_int {
        ask(|caller| {
            // SAFETY: the caller gives room for a set.
            unsafe { give_set(set, caller.process.waiting_signals(caller.thread)) };
            Some(0)
        })
    }

    /// Sends a signal to a process.
    fn kill(process: pid_t, signal: c_int) -> c_int {
        ask(|caller| Some(done(sendable(signal).and_then(|signal| caller.kill(process, signal)))))
    }

    /// Sends a signal to this thread.
    fn raise(signal: c_int) -> c_int {
        ask(|caller| Some(done(
            sendable(signal).and_then(|signal| caller.kill_thread(caller.thread, signal)),
        )))
    }

    /// Sends a signal to a thread of this process.
    fn pthread_kill(thread: pthread_t, signal: c_int) -> c_int {
        ask(|caller| {
            let known = caller.process.thread_by_name(thread).ok_or(libc::ESRCH);
            Some(number_of(known.and_then(|known| caller.kill_thread(known, sendable(signal)?))))
        })
    }

    /// Waits for a signal of a set.
    fn sigwait(set: *const sigset_t, signal: *mut c_int) -> c_int {
        ask(|caller| loop {
            // SAFETY: the caller gives a set.
            match unsafe { wait(caller, set, std::ptr::null_mut(), std::ptr::null()) } {
                Ok(number) => {
                    // SAFETY: the caller gives room for a number.
                    unsafe { *signal = number };
                    break Some(0);
                }
                Err(libc::EINTR) => {}
                Err(errno) => break Some(errno),
            }
        })
    }

    /// The same, with what is known of it.
    fn sigwaitinfo(set: *const sigset_t, info: *mut siginfo_t) -> c_int {
        // SAFETY: the caller gives a set, and room for what is known, or null.
        ask(|caller| Some(status(unsafe { wait(caller, set, info, std::ptr::null()) })))
    }

    /// The same, for a time.
    fn sigtimedwait(set: *const sigset_t, info: *mut siginfo_t, timeout: *const timespec) -> c_int {
        // SAFETY: the caller gives a set, and room for what is known and a time, or null.
        ask(|caller| Some(status(unsafe { wait(caller, set, info, timeout) })))
    }

    /// Waits for a signal with a set of them blocked.
    fn sigsuspend(set: *const sigset_t) -> c_int {
        ask(|caller| {
            // SAFETY: the caller gives a set.
            caller.suspend(unsafe { set_at(set) });
            set_errno(libc::EINTR);
            Some(-1)
        })
    }

    /// A descriptor from which signals are read.
    fn signalfd(descriptor: c_int, set: *const sigset_t, flags: c_int) -> c_int {
        // SAFETY: the caller gives a set.
        let answer = |caller: Caller<'_>| status(caller.signalfd(descriptor, unsafe { set_at(set) }, flags));
        if descriptor == -1 { ask(|caller| Some(answer(caller))) } else { ask_about(descriptor, answer) }
    }
}
