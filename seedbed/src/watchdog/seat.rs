//! What one thread tells the watchdog.

use std::fmt::Write as _;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

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
    subject: String,
    /// The run that goes on.
    run: Option<WatchedRun>,
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
    pub(super) fn begin_run(&self, subject: &str, run: WatchedRun) {
        self.is_in_poll.store(false, Ordering::Relaxed);
        self.tell(|place| {
            place.subject.clear();
            place.subject.push_str(subject);
            (place.run, place.polls, place.spawned_at) = (Some(run), 0, None);
        });
    }

    pub(super) fn end_run(&self) {
        self.tell(|place| place.run = None);
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
        self.place.lock().unwrap_or_else(PoisonError::into_inner).run.is_some()
    }

    /// Where the thread is: the test, the run, the task. `None` between runs.
    pub(super) fn whereabouts(&self) -> Option<String> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let run = place.run.as_ref()?;
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{} {run}", place.subject);
        let Some(spawned_at) = place.spawned_at else { return Some(text + "  before its first poll\n") };
        let which = if self.is_in_poll.load(Ordering::Relaxed) { "in" } else { "after" };
        let Place { polls, task, node, waited_at, .. } = &*place;
        let _ = writeln!(text, "  {which} poll {polls} of the run, of task {task} on node {node}");
        let _ = writeln!(text, "  the task was spawned at {spawned_at}");
        let _ = match *waited_at {
            "poll" => writeln!(text, "  it has not waited at anything that Seedbed knows before this poll"),
            at => writeln!(text, "  what it last waited at, before this poll: {at}"),
        };
        let _ = writeln!(text, "{}", run.reproduce(&place.subject));
        Some(text)
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
        seat.begin_run("module::test", WatchedRun::OfTest(Recipe::of_seed(7)));
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
    fn whatever_is_told_is_a_beat() {
        let seat = Seat::default();
        let before = seat.beats();
        seat.begin_run("test", WatchedRun::OfTest(Recipe::Production));
        seat.begin_poll(&poll_of("main"));
        assert_eq!(seat.beats(), before + 2);
        assert!(seat.is_in_run());
    }
}
