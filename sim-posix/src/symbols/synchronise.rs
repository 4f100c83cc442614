//! Locks of the C library, which would else wait in the machine: its mutexes with its condition variables.

use std::ffi::{c_int, c_void};
use std::sync::atomic::AtomicPtr;

use libc::{pthread_cond_t, pthread_mutex_t, timespec};

use super::clock::until;
use super::place::ask;
use super::symbols;
use crate::calls::Caller;
use crate::host::wake_elsewhere;
use crate::process::Outcome;
use crate::real::next;

type OfMutex = unsafe extern "C" fn(*mut pthread_mutex_t) -> c_int;

/// The real function of this name, about a mutex.
///
/// # Safety
/// There is such a function, which takes a mutex; and `mutex` leads to one.
unsafe fn real(known: &AtomicPtr<c_void>, name: &std::ffi::CStr, mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: so it was promised.
    let real: OfMutex = unsafe { std::mem::transmute(next(known, name)) };
    // SAFETY: so it was promised.
    unsafe { real(mutex) }
}

static TRY_LOCK: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static UNLOCK: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Locks a mutex of the program; while another thread has it, that one may go on.
///
/// # Safety
/// `mutex` leads to one.
unsafe fn lock(caller: Caller<'_>, mutex: *mut pthread_mutex_t) -> c_int {
    loop {
        // SAFETY: so it was promised.
        let taken = unsafe { real(&TRY_LOCK, c"pthread_mutex_trylock", mutex) };
        if taken != libc::EBUSY {
            return taken;
        }
        // Woken or not, it is tried again.
        let _ = caller.futex_wait(mutex.addr(), u32::MAX, None);
    }
}

/// Unlocks a mutex of the program, and lets one go on that waits for it.
///
/// # Safety
/// `mutex` leads to one.
unsafe fn unlock(caller: Caller<'_>, mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: so it was promised.
    let unlocked = unsafe { real(&UNLOCK, c"pthread_mutex_unlock", mutex) };
    caller.futex_wake(mutex.addr(), 1, u32::MAX);
    unlocked
}

/// # Safety
/// `condition` and `mutex` lead to what they say; the mutex is this thread's.
unsafe fn wait(
    caller: Caller<'_>,
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    deadline: Option<timespec>,
) -> c_int {
    // Nobody comes between: who unlocks keeps the baton until it waits.
    // SAFETY: so it was promised.
    unsafe { real(&UNLOCK, c"pthread_mutex_unlock", mutex) };
    if caller.process.wake_at(mutex.addr(), 1, u32::MAX) == 0 {
        wake_elsewhere(Some(caller.process), mutex.addr(), 1, u32::MAX);
    }
    // Of the wall clock, unless an attribute says otherwise, which few set.
    let rest = deadline.map(|deadline| until(caller.process, libc::CLOCK_REALTIME, deadline));
    let waited = caller.futex_wait(condition.addr(), u32::MAX, caller.deadline(rest));
    // SAFETY: so it was promised.
    let locked = unsafe { lock(caller, mutex) };
    // A signal is no error here: it is as if somebody had woken it.
    match waited {
        _ if locked != 0 => locked,
        Outcome::TimedOut => libc::ETIMEDOUT,
        Outcome::Woken | Outcome::Interrupted { .. } => 0,
    }
}

symbols! {
    /// Locks a mutex.
    fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int {
        // SAFETY: the caller gives a mutex.
        ask(|caller| Some(unsafe { lock(caller, mutex) }))
    }

    /// Unlocks a mutex.
    fn pthread_mutex_unlock(mutex: *mut pthread_mutex_t) -> c_int {
        // SAFETY: the caller gives a mutex that it has.
        ask(|caller| Some(unsafe { unlock(caller, mutex) }))
    }

    /// Waits for a condition.
    fn pthread_cond_wait(condition: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int {
        // SAFETY: the caller gives both, and has the mutex.
        ask(|caller| Some(unsafe { wait(caller, condition, mutex, None) }))
    }

    /// Waits for a condition until a time.
    fn pthread_cond_timedwait(
        condition: *mut pthread_cond_t,
        mutex: *mut pthread_mutex_t,
        deadline: *const timespec,
    ) -> c_int {
        // SAFETY: the caller gives all of them, and has the mutex.
        ask(|caller| Some(unsafe { wait(caller, condition, mutex, Some(*deadline)) }))
    }

    /// Lets one go on that waits for a condition.
    fn pthread_cond_signal(condition: *mut pthread_cond_t) -> c_int {
        ask(|caller| {
            caller.futex_wake(condition.addr(), 1, u32::MAX);
            Some(0)
        })
    }

    /// Lets all go on that wait for a condition.
    fn pthread_cond_broadcast(condition: *mut pthread_cond_t) -> c_int {
        ask(|caller| {
            caller.futex_wake(condition.addr(), usize::MAX, u32::MAX);
            Some(0)
        })
    }
}
