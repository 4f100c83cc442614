//! The gate of a thread: it waits there for the baton, which one thread passes to another.

use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(target_arch = "x86_64")]
use super::direct::Direct;
use super::system_call;

/// How a thread passes the baton, and waits for it. All that a thread did before it passes the baton is seen by who gets it.
///
/// Threads that pass the baton to each other have gates of one kind.
pub(crate) enum Gate {
    /// Threads of the machine that wake each other.
    OfMachine(AtomicU32),
    /// One thread of the machine that goes on as the other.
    #[cfg(target_arch = "x86_64")]
    Direct(Direct),
}

/// How the threads of a process pass the baton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// Each goes on on a thread of the machine that is its own, as it has to where the machine keeps a setting for each of them.
    ByMachine,
    /// They go on on the executor's, where that is known how.
    Direct,
}

const CLOSED: u32 = 0;
const OPEN: u32 = 1;
const TO_LEAVE: u32 = 2;

/// Why a thread passes its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It has the baton.
    GoOn,
    /// Its process is over, so that it has to leave without running more of its code.
    Leave,
}

impl Gate {
    /// Of a thread that begins by waiting for the baton.
    pub(crate) fn new(passing: Passing) -> Self {
        match passing {
            #[cfg(target_arch = "x86_64")]
            Passing::Direct => Gate::Direct(Direct::new()),
            _ => Gate::OfMachine(AtomicU32::new(CLOSED)),
        }
    }

    /// Of the executor's thread, which has the baton.
    pub(crate) fn of_executor(passing: Passing) -> Self {
        match passing {
            #[cfg(target_arch = "x86_64")]
            Passing::Direct => Gate::Direct(Direct::of_carrier()),
            _ => Gate::new(passing),
        }
    }

    /// Waits for the baton for the first time.
    pub(crate) fn wait(&self) -> Passed {
        match self {
            Gate::OfMachine(word) => wait(word),
            #[cfg(target_arch = "x86_64")]
            Gate::Direct(direct) => {
                direct.park();
                Passed::GoOn
            }
        }
    }

    /// Passes the baton from this thread to another, and waits for it.
    pub(crate) fn pass_to(&self, next: &Gate) -> Passed {
        match (self, next) {
            #[cfg(target_arch = "x86_64")]
            (Gate::Direct(own), Gate::Direct(next)) => {
                own.switch_to(next);
                Passed::GoOn
            }
            _ => {
                next.open();
                self.word().map_or(Passed::GoOn, wait)
            }
        }
    }

    /// Passes the baton from this thread, which ends, to another.
    pub(crate) fn end_to(&self, next: &Gate) {
        match (self, next) {
            #[cfg(target_arch = "x86_64")]
            (Gate::Direct(own), Gate::Direct(next)) => own.end_to(next),
            _ => next.open(),
        }
    }

    /// Has the thread leave that waits here, or will, without running more of its code. The gate must stay where it is for ever.
    pub(crate) fn dismiss(&self) {
        match self {
            Gate::OfMachine(word) => set(word, TO_LEAVE),
            #[cfg(target_arch = "x86_64")]
            Gate::Direct(direct) => direct.dismiss(),
        }
    }

    /// Whether another thread of the machine carries the thread that waits here.
    pub(crate) fn is_direct(&self) -> bool {
        self.word().is_none()
    }

    fn word(&self) -> Option<&AtomicU32> {
        match self {
            Gate::OfMachine(word) => Some(word),
            #[cfg(target_arch = "x86_64")]
            Gate::Direct(_) => None,
        }
    }

    fn open(&self) {
        if let Some(word) = self.word() {
            set(word, OPEN);
        }
    }
}

fn set(word: &AtomicU32, state: u32) {
    word.store(state, Ordering::Release);
    futex(word, libc::FUTEX_WAKE, 1);
}

/// Waits until the gate is open, and closes it.
fn wait(word: &AtomicU32) -> Passed {
    loop {
        match word.swap(CLOSED, Ordering::Acquire) {
            CLOSED => futex(word, libc::FUTEX_WAIT, CLOSED),
            OPEN => return Passed::GoOn,
            _ => return Passed::Leave,
        }
    }
}

fn futex(word: &AtomicU32, operation: i32, value: u32) {
    let operation = (operation | libc::FUTEX_PRIVATE_FLAG) as usize;
    // What it says does not matter: the word is looked at again.
    system_call(libc::SYS_futex, [std::ptr::from_ref(word).addr(), operation, value as usize, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    thread_local! {
        static OWN: Cell<u64> = const { Cell::new(0) };
    }

    /// A hundred times to a thread and back, which counts in a thread-local, until it ends by itself.
    fn back_and_forth(passing: Passing) {
        let gates = Arc::new([Gate::of_executor(passing), Gate::new(passing)]);
        let (theirs, counted) = (Arc::clone(&gates), Arc::new(AtomicU64::new(0)));
        let their_count = Arc::clone(&counted);
        let begun = std::thread::Builder::new().spawn(move || {
            assert_eq!(theirs[1].wait(), Passed::GoOn);
            for _ in 0..100 {
                OWN.set(OWN.get() + 1);
                assert_eq!(theirs[1].pass_to(&theirs[0]), Passed::GoOn);
            }
            their_count.store(OWN.get(), Ordering::Release);
            theirs[1].end_to(&theirs[0]);
            std::thread::current().id()
        });
        OWN.set(1_000);
        for _ in 0..101 {
            assert_eq!(gates[0].pass_to(&gates[1]), Passed::GoOn);
            assert_eq!(OWN.get(), 1_000, "it has its own thread-locals again");
        }
        assert_eq!(counted.load(Ordering::Acquire), 100);
        let ended = begun.unwrap().join().unwrap();
        assert_ne!(ended, std::thread::current().id(), "it has ended as itself");
    }

    #[test]
    fn who_waits_passes_once_for_each_opening() {
        back_and_forth(Passing::ByMachine);
    }

    #[test]
    fn one_thread_goes_on_as_another_and_each_keeps_what_it_has() {
        back_and_forth(Passing::Direct);
    }

    #[test]
    fn a_thread_that_is_dismissed_runs_nothing_more() {
        for passing in [Passing::ByMachine, Passing::Direct] {
            // It stays where it is for ever.
            let gate: &'static Gate = Box::leak(Box::new(Gate::new(passing)));
            let ran: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
            let begun = super::super::create(
                std::ptr::null(),
                go_on,
                std::ptr::from_ref(&(gate, ran)).cast_mut().cast(),
            );
            gate.dismiss();
            super::super::join(begun.unwrap());
            assert_eq!(ran.load(Ordering::Relaxed), 0, "{passing:?}");
        }
    }

    extern "C" fn go_on(argument: *mut std::ffi::c_void) -> *mut std::ffi::c_void {
        // SAFETY: who has made this thread waits for its end, with that on its stack.
        let (gate, ran) = unsafe { *argument.cast::<(&'static Gate, &'static AtomicU64)>() };
        if gate.wait() == Passed::Leave {
            super::super::leave();
        }
        ran.store(1, Ordering::Relaxed);
        std::ptr::null_mut()
    }
}
