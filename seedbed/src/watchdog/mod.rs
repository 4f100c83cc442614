//! The watchdog: ends a process in which a run stands still, and says where.
//!
//! A poll that never comes back (a lock of `std` that is held across an await, another library's `block_on`, an endless loop)
//! cannot be ended by a limit, since the run cannot look at its limits. So a thread outside of the runs looks at them every
//! now and then. It reads wall time, and decides nothing but that: no run that comes back depends on it.

mod exit;
mod seat;
mod thread;
mod watched_run;

use std::cell::{OnceCell, RefCell};
use std::sync::OnceLock;
use std::time::Duration;

use sim_executor::{Around, PollOf};

use crate::environment::{self, EnvironmentError};
use exit::Taken;
use seat::Seat;

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
        with_seat(|seat| SUBJECT.with(|subject| seat.begin_run(&subject.borrow(), run)));
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

/// What this thread is at, for who tells of the end of the process.
pub(crate) fn whereabouts() -> Option<String> {
    SEAT.with(|seat| seat.get()?.whereabouts())
}

fn with_seat(what: impl FnOnce(&Seat)) {
    SEAT.with(|seat| {
        let seat = seat.get_or_init(|| {
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
