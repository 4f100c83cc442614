//! Whose turn it is: of the runs of this process of the machine, one at a time has processes.
//!
//! Two of them would share the statics of the libraries that their programs use, with the locks in there: a thread of one run would
//! wait for a thread of the other, which nobody ever lets go on.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use super::system_call;

/// The number of the turn that is taken, or zero.
static TAKEN: AtomicU32 = AtomicU32::new(0);
/// How many turns were given numbers.
static COUNT: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The last turn that this thread took: it does not wait for a run of its own.
    static OWN: Cell<u32> = const { Cell::new(0) };
}

/// How long it is waited at a time, in nanoseconds of real time.
const STEP_NANOS: i64 = 50_000_000;
/// After so many steps in which nobody has given it back, the turn is taken in any case: who has it is not torn down, as a run is that
/// somebody still looks at.
const STEPS_MAX: u32 = 1_200;

/// The turn of a run, until it is dropped.
pub(crate) struct Turn(u32);

impl Turn {
    /// Waits, in real time, until no other run has processes; but for one of this thread, which does not go on meanwhile.
    pub(crate) fn take() -> Self {
        // Zero is nobody's.
        let number = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        let (mut before, mut steps) = (0, 0);
        loop {
            let holder = TAKEN.load(Ordering::Relaxed);
            steps = if holder == before { steps + 1 } else { 0 };
            before = holder;
            let may_take = holder == 0 || holder == OWN.get() || steps > STEPS_MAX;
            if may_take
                && TAKEN.compare_exchange(holder, number, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                OWN.set(number);
                return Turn(number);
            }
            if !may_take {
                let step = libc::timespec { tv_sec: 0, tv_nsec: STEP_NANOS };
                futex(libc::FUTEX_WAIT, holder, (&raw const step).addr());
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Unless another has taken it in the meantime.
        if TAKEN.compare_exchange(self.0, 0, Ordering::Release, Ordering::Relaxed).is_ok() {
            futex(libc::FUTEX_WAKE, 1, 0);
        }
    }
}

fn futex(operation: i32, value: u32, timeout: usize) {
    let operation = (operation | libc::FUTEX_PRIVATE_FLAG) as usize;
    system_call(libc::SYS_futex, [(&raw const TAKEN).addr(), operation, value as usize, timeout, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_waited_for_but_not_by_the_thread_that_has_it() {
        let (first, second) = (Turn::take(), Turn::take());
        drop(first);
        assert_eq!(TAKEN.load(Ordering::Relaxed), second.0, "it is the second's");
        let waiting = std::thread::Builder::new().spawn(|| Turn::take().0).unwrap();
        let begun = real_nanos();
        while real_nanos() - begun < STEP_NANOS {}
        assert!(!waiting.is_finished(), "it has the turn of another thread");
        drop(second);
        assert!(waiting.join().unwrap() > 2);
        assert_eq!(TAKEN.load(Ordering::Relaxed), 0);
    }

    fn real_nanos() -> i64 {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        system_call(
            libc::SYS_clock_gettime,
            [libc::CLOCK_MONOTONIC as usize, (&raw mut now).addr(), 0, 0, 0, 0],
        );
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    }
}
