//! Words of memory at which threads of a process wait for threads outside of the run, or those for them.
//!
//! The locks of the standard library's own statics, such as that of the standard output, are shared by all threads of the
//! machine's process. Who is outside of the run has such a lock for an instant of real time.

use std::sync::atomic::{AtomicU32, Ordering};

use super::system_call;

/// How long it is waited for somebody outside, in nanoseconds of real time: far longer than a line is written.
const PATIENCE_NANOS: i64 = 5_000_000;

// SAFETY: these are names that the linker gives to the beginning and the end of the program's data.
unsafe extern "C" {
    static __data_start: u8;
    static _end: u8;
}

/// Whether an address is that of a static of the program.
pub(crate) fn is_static(address: usize) -> bool {
    ((&raw const __data_start).addr()..(&raw const _end).addr()).contains(&address)
}

/// Waits for a short time of the machine until a word is no more as it was; whether that is so. No choice of the run depends on how
/// long it took.
pub(crate) fn wait_for_others(word: &AtomicU32, value: u32) -> bool {
    let operation = libc::FUTEX_WAIT as usize;
    let patience = libc::timespec { tv_sec: 0, tv_nsec: PATIENCE_NANOS };
    let address = std::ptr::from_ref(word).addr();
    system_call(
        libc::SYS_futex,
        [
            address,
            operation | libc::FUTEX_PRIVATE_FLAG as usize,
            value as usize,
            (&raw const patience).addr(),
            0,
            0,
        ],
    );
    word.load(Ordering::SeqCst) != value
}

/// Wakes who waits outside of the run at a word.
pub(crate) fn wake_others(address: usize) {
    let operation = (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG) as usize;
    system_call(libc::SYS_futex, [address, operation, i32::MAX as usize, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_is_told_from_the_heap_and_the_stack() {
        static WORD: AtomicU32 = AtomicU32::new(0);
        assert!(is_static((&raw const WORD).addr()));
        let (heap, stack) = (Box::new(0), 0);
        assert!(!is_static((&raw const *heap).addr()) && !is_static((&raw const stack).addr()));
        assert!(!wait_for_others(&WORD, 0) && wait_for_others(&WORD, 1));
    }
}
