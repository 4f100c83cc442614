//! The thread that looks whether a run stands still.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the watchdog stands outside of runs, and looks at them in wall time"
)]

use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::seat::Seat;

/// Of the threads that make runs, those that live.
static SEATS: Mutex<Vec<Weak<Seat>>> = Mutex::new(Vec::new());

/// As that of a test that fails.
const EXIT_STATUS: i32 = 101;

/// A seat for the thread that calls, which is looked at from now on.
pub(super) fn seat(wall_time_max: Duration) -> Arc<Seat> {
    static WATCHING: OnceLock<()> = OnceLock::new();
    let seat = Arc::new(Seat::default());
    SEATS.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&seat));
    WATCHING.get_or_init(|| {
        let thread = std::thread::Builder::new().name("seedbed-watchdog".to_string());
        // Where the system has no thread left, nothing is watched; the runs go on.
        let _ = thread.spawn(move || watch(wall_time_max));
    });
    seat
}

/// What a look at a thread showed, and since when.
struct Look {
    seat: Weak<Seat>,
    beats: u64,
    since: Instant,
}

fn watch(wall_time_max: Duration) {
    let pause = (wall_time_max / 20).clamp(Duration::from_millis(5), Duration::from_millis(250));
    let mut looks: Vec<Look> = Vec::new();
    loop {
        std::thread::sleep(pause);
        let now = Instant::now();
        let mut new = std::mem::take(&mut *SEATS.lock().unwrap_or_else(PoisonError::into_inner));
        looks.extend(new.drain(..).map(|seat| Look { seat, beats: 0, since: now }));
        looks.retain_mut(|look| {
            let Some(seat) = look.seat.upgrade() else { return false };
            let beats = seat.beats();
            // Who is looked at with a debugger stands still, and so does the process that was asleep: the pause is longer then.
            if beats != look.beats || !seat.is_in_run() || is_debugged() || now.elapsed() > wall_time_max {
                (look.beats, look.since) = (beats, now);
            } else if now - look.since >= wall_time_max {
                end_process(&seat, wall_time_max);
            }
            true
        });
    }
}

/// Whether another process traces this one, as debuggers do.
fn is_debugged() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim() != "0")
}

fn end_process(seat: &Seat, wall_time_max: Duration) {
    // It may have gone on since it was looked at.
    let Some(whereabouts) = seat.whereabouts() else { return };
    let thread = seat.thread_state().map_or_else(String::new, |state| format!("  {state}\n"));
    let stack = native_stack(seat);
    let text = format!(
        "\nseedbed: a run has stood still for {wall_time_max:?} of wall time, and the process is ended:\n{whereabouts}{thread}{stack}\
         A poll must come back. Look for a lock of std that is held across an await, for the block_on or a blocking call \
         of another library, for a loop without an await.\n\
         To look around in it, run it again with {}=off, and attach a debugger: gdb -p {} -batch -ex 'thread apply all bt'\n",
        crate::environment::WATCHDOG,
        std::process::id(),
    );
    // Past the capture of the test harness, which a print would go to.
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    std::process::exit(EXIT_STATUS);
}

/// The functions in which the thread is, where the platform tells them.
#[cfg(target_os = "linux")]
fn native_stack(seat: &Seat) -> String {
    let stack = seat.thread_id().and_then(super::stack::of_thread);
    stack.map_or_else(String::new, |stack| format!("  its stack, from inside to the executor:\n{stack}"))
}

#[cfg(not(target_os = "linux"))]
fn native_stack(_: &Seat) -> String {
    String::new()
}
