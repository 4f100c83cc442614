//! Descriptors: making, duplicating, closing them, and what is set at them.

use std::ffi::{c_char, c_int, c_uint, c_ulong};
use std::time::Duration;

use libc::{itimerspec, mode_t};

use super::clock::until;
use super::memory::{done, duration, pointer, status, text, timespec};
use super::place::{ask, ask_about, ask_native, ask_or_stand_in};
use super::symbols;
use crate::calls::{Caller, duplicate, flags_of};
use crate::descriptor::{FIRST, Result};
use crate::escape::{self, Handled};
use crate::real::{closed_outside, make_outside, set_errno};

/// Files that would tell a program of the machine.
const HIDDEN: &[&str] = &["/proc/self/cgroup", "/proc/self/mountinfo"];

/// Opens what the run answers; `None` is for the real library.
fn open_answer(path: Option<String>) -> Option<c_int> {
    let path = path?;
    if path == "/dev/urandom" || path == "/dev/random" {
        let opened = ask(|caller| {
            escape::tell(Handled::Answered, || format!("open({path})"));
            Some(status(caller.open_entropy()))
        });
        return opened.or_else(|| {
            ask_native(|_| escape::note(Handled::Passed, || format!("open({path})")));
            None
        });
    }
    ask(|_| {
        if HIDDEN.contains(&path.as_str()) {
            set_errno(libc::ENOENT);
            return Some(-1);
        }
        escape::note(Handled::Passed, || format!("open({path})"));
        None
    })
    .or_else(|| {
        ask_native(|_| escape::note(Handled::Passed, || format!("open({path})")));
        None
    })
}

fn control(caller: Caller<'_>, descriptor: c_int, command: c_int, argument: usize) -> Result<c_int> {
    let file = caller.process.file(descriptor)?;
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicate(caller, descriptor, argument as c_int),
        libc::F_GETFL => Ok(flags_of(&file)),
        libc::F_SETFL => {
            file.is_nonblocking.set(argument as c_int & libc::O_NONBLOCK != 0);
            Ok(0)
        }
        libc::F_GETFD => Ok(libc::FD_CLOEXEC),
        libc::F_SETFD => Ok(0),
        _ => Err(libc::EINVAL),
    }
}

/// # Safety
/// `argument` is what the request asks for.
unsafe fn input_output_control(
    caller: Caller<'_>,
    descriptor: c_int,
    request: c_ulong,
    argument: usize,
) -> Result<c_int> {
    let file = caller.process.file(descriptor)?;
    let place = pointer::<c_int>(argument);
    match request {
        libc::FIONBIO => {
            // SAFETY: the argument leads to a number.
            file.is_nonblocking.set(unsafe { *place } != 0);
            Ok(0)
        }
        libc::FIONREAD => {
            let bytes = caller.bytes_to_read(descriptor)?;
            // SAFETY: the argument leads to room for a number.
            unsafe { *place = c_int::try_from(bytes).unwrap_or(c_int::MAX) };
            Ok(0)
        }
        _ => Err(libc::ENOTTY),
    }
}

/// # Safety
/// `two` leads to room for two numbers.
unsafe fn give_two(two: *mut c_int, made: Result<[c_int; 2]>) -> c_int {
    done(made.map(|[one, other]| {
        // SAFETY: so it was promised.
        unsafe {
            *two = one;
            *two.add(1) = other;
        }
    }))
}

/// # Safety
/// `new` leads to a setting, `before` is null or leads to room for one.
unsafe fn set_timer(
    caller: Caller<'_>,
    (descriptor, flags): (c_int, c_int),
    new: *const itimerspec,
    before: *mut itimerspec,
) -> Result<()> {
    // SAFETY: so it was promised.
    let new = unsafe { *new };
    let (value, interval) =
        (duration(new.it_value).ok_or(libc::EINVAL)?, duration(new.it_interval).ok_or(libc::EINVAL)?);
    let rest = match flags & libc::TFD_TIMER_ABSTIME {
        0 => value,
        _ => until(caller.process, libc::CLOCK_MONOTONIC, new.it_value),
    };
    let due = (!value.is_zero()).then(|| caller.process.now() + rest);
    let was = caller.set_timer(descriptor, due, interval)?;
    // SAFETY: so it was promised.
    unsafe { give_timer(before, was) };
    Ok(())
}

/// # Safety
/// `room` is null or leads to room for a setting.
unsafe fn give_timer(room: *mut itimerspec, (rest, interval): (Duration, Duration)) {
    if !room.is_null() {
        let setting = itimerspec { it_interval: timespec(interval), it_value: timespec(rest) };
        // SAFETY: so it was promised.
        unsafe { *room = setting };
    }
}

symbols! {
    /// Closes a descriptor. One that a run has given is gone with the run; the standard ones stay, since the test has them too.
    fn close(descriptor: c_int) -> c_int {
        if (0..=2).contains(&descriptor) {
            ask(|_| Some(0))
        } else {
            match ask_about(descriptor, |caller| done(caller.close(descriptor))) {
                None if descriptor >= FIRST => Some(0),
                None => {
                    closed_outside(descriptor);
                    None
                }
                answer => answer,
            }
        }
    }

    /// Duplicates a descriptor.
    fn dup(descriptor: c_int) -> c_int {
        ask_about(descriptor, |caller| status(duplicate(caller, descriptor, FIRST)))
    }

    /// Makes a descriptor lead to what another does.
    fn dup2(descriptor: c_int, other: c_int) -> c_int {
        ask_about(descriptor, |caller| status(caller.duplicate_to(descriptor, other))).or_else(|| {
            closed_outside(other);
            None
        })
    }

    /// The same with flags.
    fn dup3(descriptor: c_int, other: c_int, flags: c_int) -> c_int {
        let _ = flags;
        ask_about(descriptor, |caller| status(caller.duplicate_to(descriptor, other))).or_else(|| {
            closed_outside(other);
            None
        })
    }

    /// What is set at a descriptor. The third argument is variadic, which goes the same way on both architectures.
    fn fcntl(descriptor: c_int, command: c_int, argument: usize) -> c_int {
        let arguments = [command as usize, argument, 0];
        ask_or_stand_in(descriptor, libc::SYS_fcntl, arguments, |caller| {
            status(control(caller, descriptor, command, argument)) as isize
        })
        .map(|answer| answer as c_int)
    }

    /// The same.
    fn fcntl64(descriptor: c_int, command: c_int, argument: usize) -> c_int {
        let arguments = [command as usize, argument, 0];
        ask_or_stand_in(descriptor, libc::SYS_fcntl, arguments, |caller| {
            status(control(caller, descriptor, command, argument)) as isize
        })
        .map(|answer| answer as c_int)
    }

    /// What is set at a descriptor.
    fn ioctl(descriptor: c_int, request: c_ulong, argument: usize) -> c_int {
        // SAFETY: the caller gives what the request asks for.
        ask_about(descriptor, |caller| status(unsafe {
            input_output_control(caller, descriptor, request, argument)
        }))
    }

    /// Opens a file: those of the machine, as long as there is no simulated disk.
    fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        let _ = (flags, mode);
        // SAFETY: the caller gives a path.
        open_answer(unsafe { text(path) })
    }

    /// The same.
    fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        let _ = (flags, mode);
        // SAFETY: the caller gives a path.
        open_answer(unsafe { text(path) })
    }

    /// The same, below a folder.
    fn openat(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        let _ = (folder, flags, mode);
        // SAFETY: the caller gives a path.
        open_answer(unsafe { text(path) })
    }

    /// The same.
    fn openat64(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        let _ = (folder, flags, mode);
        // SAFETY: the caller gives a path.
        open_answer(unsafe { text(path) })
    }

    /// A counter.
    fn eventfd(count: c_uint, flags: c_int) -> c_int {
        ask(|caller| Some(status(caller.eventfd(count, flags))))
    }

    /// A pipe.
    fn pipe(two: *mut c_int) -> c_int {
        // SAFETY: the caller gives room for two numbers.
        ask(|caller| Some(unsafe { give_two(two, caller.pipe(0)) }))
    }

    /// The same with flags.
    fn pipe2(two: *mut c_int, flags: c_int) -> c_int {
        // SAFETY: the caller gives room for two numbers.
        ask(|caller| Some(unsafe { give_two(two, caller.pipe(flags)) }))
    }

    /// Two sockets that are connected.
    fn socketpair(domain: c_int, kind: c_int, protocol: c_int, two: *mut c_int) -> c_int {
        // SAFETY: the caller gives room for two numbers.
        ask(|caller| Some(unsafe { give_two(two, caller.socket_pair(domain, kind)) })).or_else(|| {
            // A static may keep it, as tokio's for signals does. What the machine refuses, it refuses once more.
            let made = if domain == libc::AF_UNIX { make_outside(kind, protocol) } else { None };
            // SAFETY: the same.
            made.map(|made| unsafe { give_two(two, Ok(made)) })
        })
    }

    /// A timer.
    fn timerfd_create(clock: libc::clockid_t, flags: c_int) -> c_int {
        let _ = clock;
        ask(|caller| Some(status(caller.timerfd(flags))))
    }

    /// Sets a timer.
    fn timerfd_settime(
        descriptor: c_int,
        flags: c_int,
        new: *const itimerspec,
        before: *mut itimerspec,
    ) -> c_int {
        // SAFETY: the caller gives a setting, and room for one or null.
        ask_about(descriptor, |caller| done(unsafe { set_timer(caller, (descriptor, flags), new, before) }))
    }

    /// What is left of a timer.
    fn timerfd_gettime(descriptor: c_int, room: *mut itimerspec) -> c_int {
        ask_about(descriptor, |caller| done(caller.timer(descriptor).map(|left| {
            // SAFETY: the caller gives room for a setting.
            unsafe { give_timer(room, left) }
        })))
    }
}
