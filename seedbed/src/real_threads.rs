//! What real threads did while a run was made: the run itself cannot see them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sim_executor::{Executor, Outcome, RunError};

/// What real threads did while a run was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// How many threads the run has started for certain.
    pub started: usize,
    /// The names of others that were started meanwhile, by the run or by another test.
    pub perhaps: Vec<String>,
    /// A task that a real thread has woken when the run stood still.
    pub woke: Option<String>,
}

impl Outside {
    /// What a person should know of that; empty if there is nothing to say.
    pub(crate) fn advice(&self) -> Vec<String> {
        const USE: &str = "keep threads out of a run, and use spawn_blocking of Seedbed instead";
        let mut lines = Vec::new();
        if let Some(task) = &self.woke {
            lines
                .push(format!("{task} was woken by a real thread, after the run had come to its end: {USE}"));
        } else if self.started > 0 {
            let (threads, they) =
                if self.started == 1 { ("real thread", "it") } else { ("real threads", "they") };
            lines.push(format!(
                "the run has started {} {threads}, which virtual time does not wait for: what {they} would have done \
                 later is not in this run; {USE}",
                self.started
            ));
        } else if !self.perhaps.is_empty() {
            lines.push(format!(
                "while the run was made, real threads were started, by it or by another test ({}); virtual time does not \
                 wait for threads: {USE}",
                self.perhaps.join(", ")
            ));
        }
        lines
    }
}

const NAME_BEGIN: &str = "again-";

/// The name of threads on which those of unmodified programs run, which have a part in the run: see `sim-posix`.
const OF_PROCESSES: &str = "sim-posix";

/// A name for a thread that no other thread of this process bears.
pub(crate) fn unused_name() -> String {
    static THREADS: AtomicU32 = AtomicU32::new(0);
    // Linux keeps 15 bytes of it.
    format!("{NAME_BEGIN}{}", THREADS.fetch_add(1, Ordering::Relaxed))
}

/// Looks at the threads of the process while a run is made.
pub(crate) struct Watched {
    before: BTreeMap<u32, String>,
    own: Option<String>,
    outside: Outside,
}

impl Watched {
    pub(crate) fn begin() -> Self {
        // The name of another thread proves nothing, since it is cut off.
        let own = own_name().filter(|name| name.starts_with(NAME_BEGIN));
        Watched { before: threads(), own, outside: Outside::default() }
    }

    /// The run has ended so, and is not torn down yet.
    pub(crate) fn look(&mut self, executor: &Executor, outcome: &Outcome) {
        if !outcome.is_done() {
            self.count();
        }
        if matches!(outcome, Outcome::Error(RunError::Deadlock(_))) {
            self.outside.woke = self.wait_for_wake(executor);
        }
    }

    pub(crate) fn end(self) -> Outside {
        self.outside
    }

    fn count(&mut self) {
        let is_new = |(id, name): &(u32, String)| !self.before.contains_key(id) && name != OF_PROCESSES;
        let started: Vec<_> = threads().into_iter().filter(is_new).collect();
        let is_own = |name: &String| self.own.as_ref() == Some(name);
        self.outside.started = started.iter().filter(|(_, name)| is_own(name)).count();
        let mut others: Vec<String> = started
            .into_iter()
            .map(|(_, name)| name)
            .filter(|name| !is_own(name) && !is_ours(name))
            .collect();
        others.sort_unstable();
        others.dedup();
        self.outside.perhaps = others;
    }

    /// Nothing is left to happen in the run: waits a little, in real time, for what a thread may still do.
    #[expect(clippy::disallowed_methods, reason = "the run is over, and what is waited for is no part of it")]
    fn wait_for_wake(&self, executor: &Executor) -> Option<String> {
        const STEP: Duration = Duration::from_millis(5);
        // Longer where a thread is known to be at work.
        let steps = if self.outside.started > 0 { 100 } else { 20 };
        for _ in 0..steps {
            if let Some(task) = executor.woken_from_outside() {
                return Some(task.to_string());
            }
            std::thread::sleep(STEP);
        }
        None
    }
}

/// Threads of this harness.
fn is_ours(name: &str) -> bool {
    name.starts_with(NAME_BEGIN) || name == "output"
}

/// The threads of this process by their ids, where the platform tells: on Linux, where a thread without a name of its own
/// bears that of the one that has started it.
fn threads() -> BTreeMap<u32, String> {
    let Ok(entries) = std::fs::read_dir("/proc/self/task") else { return BTreeMap::new() };
    let named = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let id = path.file_name()?.to_str()?.parse().ok()?;
        Some((id, std::fs::read_to_string(path.join("comm")).ok()?.trim_end().to_string()))
    });
    named.collect()
}

fn own_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/thread-self/comm").ok()?;
    Some(name.trim_end().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_a_run_without_threads() {
        assert!(Outside::default().advice().is_empty());
    }

    #[test]
    fn a_wake_is_said_before_all() {
        let outside = Outside { started: 2, perhaps: vec!["pool".into()], woke: Some("main".into()) };
        let advice = outside.advice();
        assert_eq!(advice.len(), 1);
        assert!(advice[0].starts_with("main was woken by a real thread"), "{advice:?}");
        let advice = Outside { woke: None, ..outside }.advice();
        assert!(advice[0].starts_with("the run has started 2 real threads"), "{advice:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_without_a_name_is_known_by_that_of_its_starter() {
        let look = || {
            let mut watched = Watched::begin();
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::Builder::new().spawn(move || receiver.recv()).unwrap();
            watched.count();
            drop(sender);
            let _ = thread.join();
            watched.end()
        };
        let starter = std::thread::Builder::new().name(unused_name()).spawn(look).unwrap();
        assert_eq!(starter.join().unwrap().started, 1);
    }
}
