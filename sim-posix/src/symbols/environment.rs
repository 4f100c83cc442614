//! The environment of a process.

use std::ffi::{CStr, c_char, c_int};

use super::memory::done;
use super::place::ask;
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::Result;

/// # Safety
/// `name` is null or a text.
unsafe fn name_at<'a>(name: *const c_char) -> Result<&'a CStr> {
    if name.is_null() {
        return Err(libc::EINVAL);
    }
    // SAFETY: so it was promised.
    let name = unsafe { CStr::from_ptr(name) };
    let is_name = !name.is_empty() && !name.to_bytes().contains(&b'=');
    if is_name { Ok(name) } else { Err(libc::EINVAL) }
}

/// What the process has set; `None` where the machine's counts.
///
/// # Safety
/// `name` is null or a text.
unsafe fn get(caller: Caller<'_>, name: *const c_char) -> Option<*mut c_char> {
    // SAFETY: so it was promised.
    let name = unsafe { name_at(name) }.ok()?;
    let environment = &caller.process.environment;
    environment.get(name, |value| value.map_or(std::ptr::null_mut(), |value| value.as_ptr().cast_mut()))
}

/// # Safety
/// `name` is null or a text, `value` is a text.
unsafe fn set(caller: Caller<'_>, name: *const c_char, value: *const c_char, replaces: bool) -> Result<()> {
    // SAFETY: so it was promised.
    let key = unsafe { name_at(name) }?;
    let environment = &caller.process.environment;
    // SAFETY: the same; what answers a call asks the machine.
    let is_set = || unsafe { get(caller, name).unwrap_or_else(|| libc::getenv(name)) };
    if replaces || is_set().is_null() {
        // SAFETY: so it was promised.
        environment.set(key, Some(unsafe { CStr::from_ptr(value) }));
    }
    Ok(())
}

symbols! {
    /// The value of a variable.
    fn getenv(name: *const c_char) -> *mut c_char {
        // SAFETY: the caller gives a name.
        ask(|caller| unsafe { get(caller, name) })
    }

    /// The same.
    fn secure_getenv(name: *const c_char) -> *mut c_char {
        // SAFETY: the caller gives a name.
        ask(|caller| unsafe { get(caller, name) })
    }

    /// Sets a variable.
    fn setenv(name: *const c_char, value: *const c_char, replaces: c_int) -> c_int {
        // SAFETY: the caller gives a name and a value.
        ask(|caller| Some(done(unsafe { set(caller, name, value, replaces != 0) })))
    }

    /// Removes a variable.
    fn unsetenv(name: *const c_char) -> c_int {
        ask(|caller| {
            // SAFETY: the caller gives a name.
            let name = unsafe { name_at(name) };
            Some(done(name.map(|name| caller.process.environment.set(name, None))))
        })
    }
}
