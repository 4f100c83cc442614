//! A signal that the machine sends for what a thread does, taken by this crate, with who had it before.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use libc::{sigaction, siginfo_t};

use super::set_action;

/// What is called on the thread that has brought the signal about.
pub(super) type Handler = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// A signal that is taken once for the whole process of the machine, and never given back.
pub(super) struct Trap {
    signal: c_int,
    state: AtomicU32,
    before: AtomicPtr<sigaction>,
}

const FREE: u32 = 0;
const BEGUN: u32 = 1;
const TAKEN: u32 = 2;

impl Trap {
    pub(super) const fn new(signal: c_int) -> Self {
        Trap { signal, state: AtomicU32::new(FREE), before: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// Has `handler` called for the signal from now on.
    pub(super) fn take(&self, handler: Handler) {
        if self.state.compare_exchange(FREE, BEGUN, Ordering::Acquire, Ordering::Acquire).is_ok() {
            // SAFETY: zeroes are a valid action, which is filled in.
            let (mut new, before): (sigaction, sigaction) = unsafe { std::mem::zeroed() };
            new.sa_sigaction = handler as *const () as usize;
            new.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
            let before = Box::into_raw(Box::new(before));
            self.before.store(before, Ordering::Release);
            set_action(self.signal, &new, before);
            self.state.store(TAKEN, Ordering::Release);
        }
        while self.state.load(Ordering::Acquire) != TAKEN {
            std::hint::spin_loop();
        }
    }

    /// The signal was not for this crate: who had it before gets it.
    ///
    /// # Safety
    /// The arguments are those with which the handler was called.
    pub(super) unsafe fn pass_on(&self, info: *mut siginfo_t, context: *mut c_void) {
        let before = self.before.load(Ordering::Acquire);
        // SAFETY: it was made in `take`, which has been called since a handler runs, and is never freed.
        let action = unsafe { &*before };
        match action.sa_sigaction {
            libc::SIG_IGN => {}
            libc::SIG_DFL => {
                // What has brought it about comes again, and ends the process of the machine.
                set_action(self.signal, before, std::ptr::null_mut());
                // SAFETY: it sends a signal to this thread.
                unsafe { libc::raise(self.signal) };
            }
            handler if action.sa_flags & libc::SA_SIGINFO != 0 => {
                // SAFETY: with this flag it is a function of this type.
                let handler: Handler = unsafe { std::mem::transmute(handler) };
                // SAFETY: it gets what the machine has given.
                unsafe { handler(self.signal, info, context) };
            }
            handler => {
                // SAFETY: without the flag it is a function of the number alone.
                let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
                handler(self.signal);
            }
        }
    }
}
