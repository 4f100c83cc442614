//! Memory of the program: what its pointers lead to.

use std::ffi::{CStr, c_char, c_int};
use std::io::{IoSlice, IoSliceMut};
use std::time::Duration;

use crate::descriptor::Result;
use crate::real::set_errno;

/// What a word leads to that a program gave as an argument.
pub(super) fn pointer<T>(word: usize) -> *mut T {
    std::ptr::with_exposed_provenance_mut(word)
}

/// A call's answer, which is a number that is not negative or an error.
pub(super) fn status<T: TryInto<c_int>>(result: Result<T>) -> c_int {
    match result {
        Ok(value) => value.try_into().unwrap_or(c_int::MAX),
        Err(errno) => {
            set_errno(errno);
            -1
        }
    }
}

/// The same without a number.
pub(super) fn done(result: Result<()>) -> c_int {
    status(result.map(|()| 0))
}

/// A call's answer, which is a length or an error.
pub(super) fn length(result: Result<usize>) -> isize {
    match result {
        Ok(length) => length as isize,
        Err(errno) => {
            set_errno(errno);
            -1
        }
    }
}

/// # Safety
/// If `length` is not zero, `start` leads to so many bytes, which nobody changes meanwhile.
pub(super) unsafe fn bytes<'a>(start: *const libc::c_void, length: usize) -> &'a [u8] {
    if length == 0 || start.is_null() {
        return &[];
    }
    // SAFETY: so it was promised.
    unsafe { std::slice::from_raw_parts(start.cast(), length) }
}

/// # Safety
/// If `length` is not zero, `start` leads to so many bytes, which nobody else looks at meanwhile.
pub(super) unsafe fn bytes_mut<'a>(start: *mut libc::c_void, length: usize) -> &'a mut [u8] {
    if length == 0 || start.is_null() {
        return &mut [];
    }
    // SAFETY: so it was promised; bytes have no invalid values, and what is not initialised is only written.
    unsafe { std::slice::from_raw_parts_mut(start.cast(), length) }
}

/// # Safety
/// `parts` leads to so many buffers, each as for [`bytes`].
pub(super) unsafe fn parts<'a>(parts: *const libc::iovec, count: usize) -> Vec<IoSlice<'a>> {
    let part = |place| {
        // SAFETY: so it was promised.
        let part = unsafe { &*parts.add(place) };
        // SAFETY: the same.
        IoSlice::new(unsafe { bytes(part.iov_base, part.iov_len) })
    };
    (0..count).map(part).collect()
}

/// # Safety
/// `parts` leads to so many buffers, each as for [`bytes_mut`].
pub(super) unsafe fn parts_mut<'a>(parts: *const libc::iovec, count: usize) -> Vec<IoSliceMut<'a>> {
    let part = |place| {
        // SAFETY: so it was promised.
        let part = unsafe { &*parts.add(place) };
        // SAFETY: the same.
        IoSliceMut::new(unsafe { bytes_mut(part.iov_base, part.iov_len) })
    };
    (0..count).map(part).collect()
}

/// # Safety
/// `text` is null or leads to bytes that end with a zero.
pub(super) unsafe fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: so it was promised.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// A length of time that a program gives; `None` if it is none.
pub(super) fn duration(of: libc::timespec) -> Option<Duration> {
    let seconds = u64::try_from(of.tv_sec).ok()?;
    let nanos = u32::try_from(of.tv_nsec).ok().filter(|&nanos| nanos < 1_000_000_000)?;
    Some(Duration::new(seconds, nanos))
}

/// # Safety
/// `of` is null or leads to a time.
pub(super) unsafe fn duration_at(of: *const libc::timespec) -> Option<Duration> {
    // SAFETY: so it was promised.
    if of.is_null() { None } else { duration(unsafe { *of }) }
}

pub(super) fn timespec(of: Duration) -> libc::timespec {
    libc::timespec { tv_sec: of.as_secs() as libc::time_t, tv_nsec: of.subsec_nanos() as libc::c_long }
}

/// Milliseconds as `poll` takes them; negative is for ever.
pub(super) fn milliseconds(of: c_int) -> Option<Duration> {
    u64::try_from(of).ok().map(Duration::from_millis)
}
