//! What the standard library remembers of the thread that ends the process, and has to forget.
//!
//! `std::process::exit` keeps the thread that has called it in a static, and lets every other thread that comes to the end of
//! the process wait for ever (`library/std/src/sys/exit.rs`, for <https://github.com/rust-lang/rust/issues/126600>). In a
//! process of a run that thread never ends the process of the machine. So the static is set back, as if nobody had called.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::dl_phdr_info;

/// Takes the first object that is told of, which is the executable, and the parts of it that can be written.
///
/// # Safety
/// `info` is as `dl_iterate_phdr` gives it, and `found` is a `Vec<Range<usize>>`.
unsafe extern "C" fn look(info: *mut dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
    // SAFETY: so it was promised.
    let (info, found) = unsafe { (&*info, &mut *found.cast::<Vec<Range<usize>>>()) };
    // SAFETY: an object has so many headers.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W != 0 {
            let begin = (info.dlpi_addr + header.p_vaddr) as usize;
            found.push(begin..begin + header.p_memsz as usize);
        }
    }
    1
}

/// Lets the standard library forget that this thread ends the process. It keeps where the thread's `errno` is, and null before. If
/// there is not exactly one such place in the statics of the executable, nothing is touched.
pub(super) fn forget_exit() {
    // SAFETY: it asks for nothing.
    let this = unsafe { libc::__errno_location() } as u64;
    let mut parts: Vec<Range<usize>> = Vec::new();
    // SAFETY: `look` is given what it expects, and is called in this call only.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut parts).cast()) };
    const WORD: usize = size_of::<u64>();
    let mut places = Vec::new();
    for part in parts {
        let begin = part.start.next_multiple_of(WORD);
        for place in (begin..part.end.saturating_sub(WORD - 1)).step_by(WORD) {
            // SAFETY: the word lies in statics of the executable, which are there as long as it is, and another thread may
            // write it. Nothing but a load is done in the part that is for reading only since the start.
            let word = unsafe { AtomicU64::from_ptr(place as *mut u64) };
            if word.load(Ordering::Relaxed) == this {
                places.push(word);
            }
        }
    }
    if let [exiting] = places[..] {
        exiting.store(0, Ordering::Relaxed);
    }
}
