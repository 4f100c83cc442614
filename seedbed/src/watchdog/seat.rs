//! What one thread tells the watchdog.

use std::fmt::{self, Write};
use std::panic::Location;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use sim_executor::PollOf;

use super::watched_run::WatchedRun;

/// What one thread tells the watchdog: which run it makes, and which task it polls.
#[derive(Debug)]
pub(super) struct Seat {
    /// Rises with everything that is told: who stands still tells nothing.
    beats: AtomicU64,
    is_in_poll: AtomicBool,
    place: Mutex<Place>,
    /// The folder in which Linux shows the thread.
    thread: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Place {
    /// Whether a run goes on.
    is_in_run: bool,
    /// Which test, and which run of it.
    which: String,
    /// How the run is made again.
    again: String,
    /// What was told when it began.
    beats: u64,
    polls: u64,
    task: String,
    node: String,
    spawned_at: Option<&'static Location<'static>>,
    waited_at: &'static str,
}

impl Default for Seat {
    /// Of the thread that calls.
    fn default() -> Seat {
        // `thread-self` leads to `<process>/task/<thread>`.
        let thread = std::fs::read_link("/proc/thread-self").ok();
        let thread = thread.map(|of_self| PathBuf::from("/proc").join(of_self));
        Seat { beats: AtomicU64::new(0), is_in_poll: AtomicBool::new(false), place: Mutex::default(), thread }
    }
}

impl Seat {
    pub(super) fn begin_run(&self, subject: &str, run: &WatchedRun) {
        self.is_in_poll.store(false, Ordering::Relaxed);
        self.tell(|place| {
            // Here, since who says its last words can take no memory. Writing into a string cannot fail.
            place.which.clear();
            let _ = write!(place.which, "{subject} {run}");
            place.again.clear();
            place.again.push_str(&run.reproduce(subject));
            (place.is_in_run, place.polls, place.spawned_at) = (true, 0, None);
            place.beats = self.beats() + 1;
        });
    }

    pub(super) fn end_run(&self) {
        self.tell(|place| place.is_in_run = false);
    }

    pub(super) fn begin_poll(&self, of: &PollOf<'_>) {
        self.is_in_poll.store(true, Ordering::Relaxed);
        self.tell(|place| {
            place.polls += 1;
            (place.spawned_at, place.waited_at) = (Some(of.spawned_at), of.waited_at);
            for (text, told) in [(&mut place.task, of.task), (&mut place.node, of.node)] {
                text.clear();
                text.push_str(told);
            }
        });
    }

    pub(super) fn end_poll(&self) {
        self.is_in_poll.store(false, Ordering::Relaxed);
        self.beat();
    }

    /// Says that the run goes on.
    #[inline]
    pub(super) fn beat(&self) {
        // Nobody else writes it.
        self.beats.store(self.beats.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn tell(&self, what: impl FnOnce(&mut Place)) {
        what(&mut self.place.lock().unwrap_or_else(PoisonError::into_inner));
        self.beat();
    }

    /// How much was told so far.
    pub(super) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Whether a run goes on.
    pub(super) fn is_in_run(&self) -> bool {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).is_in_run
    }

    /// Where the thread is: the test, the run, the task. `None` between runs.
    pub(super) fn whereabouts(&self) -> Option<String> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = self.write_place(&place, &mut text);
        place.is_in_run.then_some(text)
    }

    /// Writes where the thread is, below these words, since the process ends; nothing between runs, and no second time. It takes no memory, and waits
    /// for nobody. Gives whether there was anything to say.
    pub(super) fn say_last(&self, words: fmt::Arguments<'_>, out: &mut dyn Write) -> bool {
        let mut place = match self.place.try_lock() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // The thread itself is just telling it.
            Err(TryLockError::WouldBlock) => return false,
        };
        if place.is_in_run {
            // Nobody is left who could be told of a standard error that is closed.
            let _ = out.write_fmt(words).and_then(|()| self.write_place(&place, out));
        }
        std::mem::take(&mut place.is_in_run)
    }

    fn write_place(&self, place: &Place, out: &mut dyn Write) -> fmt::Result {
        let Place { which, again, polls, task, node, spawned_at, waited_at, .. } = place;
        writeln!(out, "{which}")?;
        let Some(spawned_at) = spawned_at else {
            // A poll that is only counted has no name.
            let when = if self.beats() == place.beats { "  before its first poll\n" } else { "" };
            return writeln!(out, "{when}{again}");
        };
        let when = if self.is_in_poll.load(Ordering::Relaxed) { "in" } else { "after" };
        writeln!(out, "  {when} poll {polls} of the run, of task {task} on node {node}")?;
        writeln!(out, "  the task was spawned at {spawned_at}")?;
        match *waited_at {
            "poll" => writeln!(out, "  it has not waited at anything that Seedbed knows before this poll")?,
            at => writeln!(out, "  what it last waited at, before this poll: {at}")?,
        }
        writeln!(out, "{again}")
    }

    /// The number that the system has given the thread.
    #[cfg(target_os = "linux")]
    pub(super) fn thread_id(&self) -> Option<i32> {
        self.thread.as_ref()?.file_name()?.to_str()?.parse().ok()
    }

    /// What the system says of the thread.
    pub(super) fn thread_state(&self) -> Option<String> {
        let folder = self.thread.as_ref()?;
        let read = |file| std::fs::read_to_string(folder.join(file)).ok();
        let status = read("status")?;
        let state = status.lines().find_map(|line| line.strip_prefix("State:"))?.trim().to_string();
        let sleeps_in = read("wchan").filter(|name| !name.is_empty() && name != "0");
        let id = folder.file_name()?.to_string_lossy().into_owned();
        let sleeps_in = sleeps_in.map_or_else(String::new, |name| format!(", in the kernel's {name}"));
        Some(format!("thread {id}: {state}{sleeps_in}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_explorer::Recipe;

    fn poll_of(task: &str) -> PollOf<'_> {
        PollOf {
            task,
            node: "server",
            spawned_at: Location::caller(),
            waited_at: "tcp.read",
            is_blocking: false,
        }
    }

    #[test]
    fn a_seat_tells_test_seed_task_node_and_spawn_site() {
        let seat = Seat::default();
        assert_eq!(seat.whereabouts(), None);
        seat.begin_run("module::test", &WatchedRun::OfTest(Recipe::of_seed(7)));
        seat.begin_poll(&poll_of("server/conn#2"));
        let text = seat.whereabouts().unwrap();
        assert!(
            text.starts_with("module::test under seed 7\n  in poll 1 of the run, of task server/conn#2 on"),
            "{text}"
        );
        assert!(
            text.contains(file!()) && text.contains("tcp.read") && text.contains("SEEDBED_SEED=7"),
            "{text}"
        );
        seat.end_poll();
        assert!(seat.whereabouts().unwrap().contains("  after poll 1 of the run"));
        seat.end_run();
        assert_eq!(seat.whereabouts(), None);
    }

    #[test]
    fn last_words_are_said_once_and_only_in_a_run() {
        let seat = Seat::default();
        let mut text = String::new();
        assert!(!seat.say_last(format_args!("the end:\n"), &mut text) && text.is_empty(), "{text}");
        seat.begin_run("module::test", &WatchedRun::OfTest(Recipe::of_seed(7)));
        assert!(seat.say_last(format_args!("the end:\n"), &mut text));
        assert!(!seat.say_last(format_args!("the end:\n"), &mut text));
        assert_eq!(
            text,
            "the end:\nmodule::test under seed 7\n  before its first poll\nreproduce: SEEDBED_SEED=7, with this test alone\n"
        );
        // Of polls that nobody names it is not said which they are.
        seat.begin_run("ws_echo", &WatchedRun::OfCommand(Recipe::of_seed(7)));
        seat.beat();
        text.clear();
        assert!(seat.say_last(format_args!("the end:\n"), &mut text));
        assert_eq!(text, "the end:\nws_echo under seed 7\nreproduce: replay ws_echo --seed 7\n");
    }

    #[test]
    fn whatever_is_told_is_a_beat() {
        let seat = Seat::default();
        let before = seat.beats();
        seat.begin_run("test", &WatchedRun::OfTest(Recipe::Production));
        seat.begin_poll(&poll_of("main"));
        assert_eq!(seat.beats(), before + 2);
        assert!(seat.is_in_run());
    }
}
