//! Clocks, and sleeping.

use std::ffi::c_int;
use std::time::Duration;

use libc::{clockid_t, time_t, timespec as Timespec, timeval, useconds_t};

use super::memory::{duration, duration_at, timespec};
use super::place::{ask, ask_native};
use super::symbols;
use crate::escape;
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
            escape::note(|| "clock_gettime".to_string());
            let (monotonic, wall) = reads.read();
            if is_wall { wall } else { BOOT + monotonic }
        })
    })
}

/// Sleeps if this thread is answered; whether it is.
fn rest_for(length: Duration) -> bool {
    let of_process = ask(|caller| {
        caller.sleep(length);
        Some(())
    });
    let of_native = || {
        ask_native(|_| {
            escape::note(|| "nanosleep".to_string());
            if sim_executor::context::current_task().is_some() {
                sim_executor::time::block_now(length);
            }
        })
    };
    of_process.or_else(of_native).is_some()
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
        let _ = rest;
        // SAFETY: the caller gives a time.
        let asked = unsafe { duration_at(length) };
        match asked {
            Some(asked) => rest_for(asked).then_some(0),
            None => None,
        }
    }

    /// Sleeps for a time, or until one.
    fn clock_nanosleep(clock: clockid_t, flags: c_int, time: *const Timespec, rest: *mut Timespec) -> c_int {
        let _ = rest;
        // SAFETY: the caller gives a time.
        match unsafe { duration_at(time) } {
            Some(asked) if flags & libc::TIMER_ABSTIME == 0 => rest_for(asked).then_some(0),
            Some(asked) => match read(clock) {
                Some(now) => rest_for(asked.saturating_sub(now)).then_some(0),
                None => None,
            },
            None => None,
        }
    }

    /// Sleeps for so many microseconds.
    fn usleep(microseconds: useconds_t) -> c_int {
        rest_for(Duration::from_micros(microseconds.into())).then_some(0)
    }

    /// Sleeps for so many seconds.
    fn sleep(seconds: libc::c_uint) -> libc::c_uint {
        rest_for(Duration::from_secs(seconds.into())).then_some(0)
    }

    /// Waits for a signal, of which none comes.
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
