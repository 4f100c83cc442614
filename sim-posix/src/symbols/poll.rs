//! Waiting at several descriptors at once.

use std::ffi::c_int;
use std::time::Duration;

use libc::{epoll_event, nfds_t, pollfd, sigset_t, timespec};

use super::memory::{done, duration_at, milliseconds, status};
use super::place::{ask, ask_about};
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::{Interest, Result, is_of_machine};

/// Events that one call takes, at most: as many as one that has no use for more gives room for.
const EVENTS_MAX: c_int = 65_536;

/// # Safety
/// `events` leads to room for so many.
unsafe fn wait(
    caller: Caller<'_>,
    epoll: c_int,
    (events, count): (*mut epoll_event, c_int),
    timeout: Option<Duration>,
) -> Result<c_int> {
    let count_max = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(libc::EINVAL)?;
    let occurred = caller.epoll_wait(epoll, count_max.min(EVENTS_MAX as usize), timeout)?;
    for (place, event) in occurred.iter().enumerate() {
        let event = epoll_event { events: event.ready.0, u64: event.data };
        // SAFETY: so it was promised; in the packed form of C on one of the architectures.
        unsafe { events.add(place).write_unaligned(event) };
    }
    Ok(occurred.len() as c_int)
}

/// # Safety
/// `descriptors` leads to so many.
unsafe fn poll_as(descriptors: *mut pollfd, count: nfds_t, timeout: Option<Duration>) -> Option<c_int> {
    ask(|caller| {
        let all = match count {
            0 => &mut [],
            // SAFETY: so it was promised.
            count => unsafe { std::slice::from_raw_parts_mut(descriptors, count as usize) },
        };
        // What the machine alone can answer: std looks so whether the standard descriptors are open.
        if count > 0 && all.iter().all(|one| one.fd >= 0 && is_of_machine(one.fd)) {
            return None;
        }
        let asked: Vec<(c_int, u32)> = all.iter().map(|one| (one.fd, u32::from(one.events as u16))).collect();
        Some(status(caller.poll(&asked, timeout).map(|found| {
            all.iter_mut().zip(&found).for_each(|(one, bits)| one.revents = *bits as i16);
            found.iter().filter(|bits| **bits != 0).count()
        })))
    })
}

symbols! {
    /// An epoll.
    fn epoll_create1(flags: c_int) -> c_int {
        let _ = flags;
        ask(|caller| Some(status(caller.epoll_create())))
    }

    /// The same.
    fn epoll_create(size: c_int) -> c_int {
        let _ = size;
        ask(|caller| Some(status(caller.epoll_create())))
    }

    /// What an epoll looks at.
    fn epoll_ctl(epoll: c_int, operation: c_int, descriptor: c_int, event: *mut epoll_event) -> c_int {
        ask_about(epoll, |caller| {
            // SAFETY: the caller gives an event, or null.
            let interest = (!event.is_null()).then(|| unsafe { event.read_unaligned() });
            let interest = interest.map(|event| Interest { events: event.events, data: event.u64 });
            done(caller.epoll_control(epoll, operation, descriptor, interest))
        })
    }

    /// Waits until something has come.
    fn epoll_wait(epoll: c_int, events: *mut epoll_event, count: c_int, timeout: c_int) -> c_int {
        ask_about(epoll, |caller| {
            // SAFETY: the caller gives room for so many events.
            status(unsafe { wait(caller, epoll, (events, count), milliseconds(timeout)) })
        })
    }

    /// The same; which signals come meanwhile is not looked at.
    fn epoll_pwait(
        epoll: c_int,
        events: *mut epoll_event,
        count: c_int,
        timeout: c_int,
        signals: *const sigset_t,
    ) -> c_int {
        let _ = signals;
        ask_about(epoll, |caller| {
            // SAFETY: the caller gives room for so many events.
            status(unsafe { wait(caller, epoll, (events, count), milliseconds(timeout)) })
        })
    }

    /// The same, to the nanosecond.
    fn epoll_pwait2(
        epoll: c_int,
        events: *mut epoll_event,
        count: c_int,
        timeout: *const timespec,
        signals: *const sigset_t,
    ) -> c_int {
        let _ = signals;
        ask_about(epoll, |caller| {
            // SAFETY: the caller gives room for so many events, and a time or null.
            status(unsafe { wait(caller, epoll, (events, count), duration_at(timeout)) })
        })
    }

    /// Waits at a few descriptors.
    fn poll(descriptors: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
        // SAFETY: the caller gives so many descriptors.
        unsafe { poll_as(descriptors, count, milliseconds(timeout)) }
    }

    /// The same, to the nanosecond.
    fn ppoll(
        descriptors: *mut pollfd,
        count: nfds_t,
        timeout: *const timespec,
        signals: *const sigset_t,
    ) -> c_int {
        let _ = signals;
        // SAFETY: the caller gives so many descriptors, and a time or null.
        unsafe { poll_as(descriptors, count, duration_at(timeout)) }
    }
}
