//! Clocks, and sleeping.

use std::ffi::c_int;
use std::time::Duration;

use libc::{clockid_t, time_t, timespec as Timespec, timeval, useconds_t};

use super::memory::{done, duration, duration_at, timespec};
use super::place::{ask, ask_native};
use super::symbols;
use crate::descriptor::Result;
use crate::escape::{self, Handled};
use crate::process::Process;
use crate::real::set_errno;

/// What the monotonic clock shows when a run begins: programs take times from it that have passed.
pub(super) const BOOT: Duration = Duration::from_secs(1_000);

/// What a clock shows, for who is answered.
fn read(clock: clockid_t) -> Option<Duration> {
    let is_wall = matches!(
        clock,
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI | libc::CLOCK_REALTIME_ALARM
    );
    let of_process = ask(|caller| {
        caller.process.read_clock();
        Some(match is_wall {
            true => caller.process.system_now(),
            false => BOOT + Duration::from_nanos(caller.process.now().as_nanos()),
        })
    });
    of_process.or_else(|| {
        ask_native(|reads| {
            escape::note(Handled::Answered, || "clock_gettime".to_string());
            let (monotonic, wall) = reads.read();
            if is_wall { wall } else { BOOT + monotonic }
        })
    })
}

/// Sleeps if this thread is answered: what was left of it when a signal came.
fn rest_for(length: Duration) -> Option<Duration> {
    let of_process = ask(|caller| Some(caller.sleep(length)));
    let of_native = || {
        ask_native(|_| {
            escape::note(Handled::Answered, || "nanosleep".to_string());
            if sim_executor::context::current_task().is_some() {
                sim_executor::time::block_now(length);
            }
            Duration::ZERO
        })
    };
    of_process.or_else(of_native)
}

/// What a call gives that has slept.
fn slept(left: Duration) -> Result<()> {
    if left.is_zero() { Ok(()) } else { Err(libc::EINTR) }
}

symbols! {
    /// The time on a clock.
    fn clock_gettime(clock: clockid_t, time: *mut Timespec) -> c_int {
        read(clock).map(|now| {
            // SAFETY: the caller gives room for a time.
            unsafe { *time = timespec(now) };
            0
        })
    }

    /// The time of the day.
    fn gettimeofday(time: *mut timeval, zone: *mut libc::c_void) -> c_int {
        let _ = zone;
        read(libc::CLOCK_REALTIME).map(|now| {
            let now = timeval { tv_sec: now.as_secs() as time_t, tv_usec: now.subsec_micros().into() };
            // SAFETY: the caller gives room for a time.
            unsafe { *time = now };
            0
        })
    }

    /// The seconds since 1970.
    fn time(time: *mut time_t) -> time_t {
        read(libc::CLOCK_REALTIME).map(|now| {
            let now = now.as_secs() as time_t;
            if !time.is_null() {
                // SAFETY: the caller gives room for a time, or null.
                unsafe { *time = now };
            }
            now
        })
    }

    /// Sleeps for a time.
    fn nanosleep(length: *const Timespec, rest: *mut Timespec) -> c_int {
        // SAFETY: the caller gives a time.
        let asked = unsafe { duration_at(length) };
        let left = match asked {
            Some(asked) => rest_for(asked),
            None => None,
        };
        left.map(|left| {
            if !rest.is_null() {
                // SAFETY: the caller gives room for a time, or null.
                unsafe { *rest = timespec(left) };
            }
            done(slept(left))
        })
    }

    /// Sleeps for a time, or until one. The error is what it gives.
    fn clock_nanosleep(clock: clockid_t, flags: c_int, time: *const Timespec, rest: *mut Timespec) -> c_int {
        // SAFETY: the caller gives a time.
        let asked = unsafe { duration_at(time) };
        let is_length = flags & libc::TIMER_ABSTIME == 0;
        let left = match asked {
            Some(asked) if is_length => rest_for(asked),
            Some(asked) => match read(clock) {
                Some(now) => rest_for(asked.saturating_sub(now)),
                None => None,
            },
            None => None,
        };
        left.map(|left| {
            if is_length && !rest.is_null() {
                // SAFETY: the caller gives room for a time, or null.
                unsafe { *rest = timespec(left) };
            }
            slept(left).err().unwrap_or(0)
        })
    }

    /// Sleeps for so many microseconds.
    fn usleep(microseconds: useconds_t) -> c_int {
        rest_for(Duration::from_micros(microseconds.into())).map(|left| done(slept(left)))
    }

    /// Sleeps for so many seconds; gives those that are left.
    fn sleep(seconds: libc::c_uint) -> libc::c_uint {
        let left = rest_for(Duration::from_secs(seconds.into()));
        left.map(|left| left.as_secs() as libc::c_uint + u32::from(left.subsec_nanos() > 0))
    }

    /// Waits for a signal.
    fn pause() -> c_int {
        ask(|caller| {
            caller.pause();
            set_errno(libc::EINTR);
            Some(-1)
        })
    }
}

/// How long it is until a time on a clock of a process; a time that is not valid is over.
pub(super) fn until(process: &Process, clock: clockid_t, deadline: Timespec) -> Duration {
    let deadline = duration(deadline).unwrap_or_default();
    let now = match clock {
        libc::CLOCK_REALTIME => process.system_now(),
        _ => BOOT + Duration::from_nanos(process.now().as_nanos()),
    };
    deadline.saturating_sub(now)
}
