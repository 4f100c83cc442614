//! Randomness.

use std::ffi::{c_int, c_uint, c_void};

use super::memory::bytes_mut;
use super::place::{ask, ask_native};
use super::symbols;
use crate::entropy;
use crate::escape::{self, Handled};

/// Fills a buffer if this thread is answered; whether it is.
///
/// # Safety
/// `buffer` leads to so many bytes.
pub(super) unsafe fn fill(buffer: *mut c_void, length: usize) -> bool {
    // SAFETY: so it was promised.
    let room = unsafe { bytes_mut(buffer, length) };
    let of_process = ask(|caller| {
        caller.process.call_kernel();
        escape::tell(Handled::Answered, || "getrandom".to_string());
        Some(entropy::fill(room))
    });
    let of_native = || {
        ask_native(|reads| {
            escape::note(Handled::Answered, || "getrandom".to_string());
            reads.fill(room);
            length
        })
    };
    of_process.or_else(of_native).is_some()
}

symbols! {
    /// Fills a buffer with random bytes.
    fn getrandom(buffer: *mut c_void, length: usize, flags: c_uint) -> isize {
        let _ = flags;
        // SAFETY: the caller gives room for so many bytes.
        unsafe { fill(buffer, length) }.then_some(length as isize)
    }

    /// The same, of at most 256 bytes.
    fn getentropy(buffer: *mut c_void, length: usize) -> c_int {
        // SAFETY: the caller gives room for so many bytes.
        unsafe { fill(buffer, length) }.then_some(0)
    }
}
