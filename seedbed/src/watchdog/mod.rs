//! The watchdog: ends a process in which a run stands still, and says where.
//!
//! A poll that never comes back (a lock of `std` that is held across an await, another library's `block_on`, an endless loop)
//! cannot be ended by a limit, since the run cannot look at its limits. So a thread outside of the runs looks at them every
//! now and then. It reads wall time, and decides nothing but that: no run that comes back depends on it.

mod exit;
mod seat;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod stack;
mod standard_error;
mod thread;
mod watched_run;

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use sim_executor::{Around, PollOf};

use crate::environment::{self, EnvironmentError};
use exit::Taken;
use seat::Seat;
use standard_error::StandardError;

pub use watched_run::{RunOptions, WatchedRun};

/// How long a run may stand still, unless the environment says it.
const WALL_TIME_MAX: Duration = Duration::from_secs(10);

thread_local! {
    /// Where the runs of this thread are told. It lives as long as the thread.
    static SEAT: OnceCell<Taken> = const { OnceCell::new() };
    /// The test, or whatever makes runs on this thread.
    static SUBJECT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Tells the watchdog of each poll which task it is: for [`Config::around`](sim_executor::Config::around).
pub const EACH_POLL: Around = Around(|tell, poll| {
    tell(&mut |of| begin_poll(of));
    poll();
    end_poll();
});

/// Tells the watchdog that the run goes on, and not which task is polled, which costs less.
pub const BEATS: Around = Around(|_, poll| {
    with_seat(Seat::beat);
    poll();
});

/// Says for whom the runs of this thread are made from now on.
pub fn name_subject(name: &str) {
    SUBJECT.with(|subject| {
        let mut subject = subject.borrow_mut();
        subject.clear();
        subject.push_str(name);
    });
}

/// For whom the runs of this thread are made.
pub(crate) fn subject() -> String {
    SUBJECT.with(|subject| subject.borrow().clone())
}

/// Watches the run that this thread makes now, until this is dropped.
#[must_use = "the run is watched as long as this lives"]
#[derive(Debug)]
pub struct Watch(());

impl Watch {
    /// Begins to watch a run.
    ///
    /// # Panics
    /// If `SEEDBED_WATCHDOG` has no meaning.
    pub fn begin(run: WatchedRun) -> Self {
        with_seat(|seat| SUBJECT.with(|subject| seat.begin_run(&subject.borrow(), &run)));
        Watch(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        with_seat(Seat::end_run);
    }
}

/// Tells the watchdog of a poll that begins.
pub(crate) fn begin_poll(of: &PollOf<'_>) {
    with_seat(|seat| seat.begin_poll(of));
}

/// Tells the watchdog that the poll is over.
pub(crate) fn end_poll() {
    with_seat(Seat::end_poll);
}

/// Says, past all locks, where this thread is in a run, below these words: the process ends. Once, and nothing between runs.
pub(crate) fn say_last(words: fmt::Arguments<'_>) {
    // A thread that ends has no seat any more.
    let _ = SEAT.try_with(|seat| seat.get().map(|seat| seat.say_last(words, &mut StandardError)));
}

/// Leaves it to another process to say which run has ended this one. To be called before the first run.
pub fn say_nothing_of_signals() {
    LISTENING.get_or_init(|| ());
}

/// Done when it is decided whether this process says by which signal it was ended.
static LISTENING: OnceLock<()> = OnceLock::new();

fn listen_to_signals() {
    #[cfg(unix)]
    LISTENING.get_or_init(|| {
        signals::before_the_end(|signal| say_last(format_args!("\nseedbed: {signal} in a run:\n")));
    });
}

fn with_seat(what: impl FnOnce(&Seat)) {
    SEAT.with(|seat| {
        let seat = seat.get_or_init(|| {
            listen_to_signals();
            let wall_time_max = wall_time_max().unwrap_or_else(|error| panic!("{error}"));
            Taken(wall_time_max.map_or_else(Default::default, thread::seat))
        });
        what(seat);
    });
}

/// How long a run may stand still; `None` if it is not watched.
fn wall_time_max() -> Result<Option<Duration>, EnvironmentError> {
    static ASKED: OnceLock<Result<Option<Duration>, EnvironmentError>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| match environment::read(environment::WATCHDOG) {
        None => Ok(Some(WALL_TIME_MAX)),
        Some(text) => environment::parse_watchdog(&text),
    });
    asked.clone()
}
