//! Who waits for whom when nothing goes on.

use std::fmt;
use std::fmt::Write as _;

use super::Run;
use super::report::{JOIN, SLEEP};
use crate::choice::TaskId;
use crate::task::{State, Wait};

/// Of more tasks it is not told.
const TASKS_MAX: usize = 1_000;

/// So many tasks of a chain are told.
const CHAIN_MAX: usize = 16;

/// Tasks of which each waits for the next, as far as it is known for whom they wait.
///
/// For whom a task waits is known of awaited handles, of the primitives of `seedbed::sync`, and of connections where the run was made with
/// [`Config::awaits`](crate::Config::awaits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitChain {
    /// `main/a waits for lock "x" held by main/b since 0.002, which waits at task.join main/a`.
    pub text: String,
    /// Whether the last waits for the first. Else it waits for what is no task.
    pub is_circle: bool,
}

impl fmt::Display for WaitChain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_circle { "each waits for the next" } else { "who waits for whom" };
        write!(out, "{what}: {}", self.text)
    }
}

/// A task, and what it waits for.
type Waiting = (TaskId, Wait);

/// For whom a task waits.
struct WaitedFor {
    tasks: Vec<TaskId>,
    /// Whether they are known as the last that were at the other end of a connection.
    are_at_other_end: bool,
}

impl Run {
    /// The first circle of tasks of which each waits for the next; if there is none, whom the awaited task waits for, and so on, if that is
    /// known at all.
    pub(crate) fn wait_chain(&self) -> Option<WaitChain> {
        let alive = self.core().polling.tasks().alive();
        let mut done = Vec::new();
        for task in alive.iter().take(TASKS_MAX) {
            let mut path = Vec::new();
            if let Some(begin) = self.find_circle(*task, &mut path, &mut done) {
                return Some(WaitChain { text: self.tell_chain(&path[begin..]), is_circle: true });
            }
        }
        let chain = self.chain_from(*alive.first()?);
        (chain.len() > 1).then(|| WaitChain { text: self.tell_chain(&chain), is_circle: false })
    }

    /// What a task waits for, if it waits.
    fn wait_of(&self, task: TaskId) -> Option<Wait> {
        let core = self.core();
        core.polling
            .tasks()
            .get(task)
            .filter(|slot| slot.state() == State::Waiting)
            .map(|slot| slot.waiting_at())
    }

    /// Follows the waits of a task until one comes back to the path; says where.
    fn find_circle(&self, task: TaskId, path: &mut Vec<Waiting>, done: &mut Vec<TaskId>) -> Option<usize> {
        if let Some(begin) = path.iter().position(|(before, _)| *before == task) {
            return Some(begin);
        }
        if done.contains(&task) || path.len() == TASKS_MAX {
            return None;
        }
        let wait = self.wait_of(task)?;
        path.push((task, wait));
        for holder in self.waited_for(wait).tasks {
            let found = self.find_circle(holder, path, done);
            if found.is_some() {
                return found;
            }
        }
        path.pop();
        done.push(task);
        None
    }

    /// The task and for whom it waits, and so on, where there is no circle: of several the first that waits itself.
    fn chain_from(&self, task: TaskId) -> Vec<Waiting> {
        let mut chain: Vec<Waiting> = self.wait_of(task).map(|wait| (task, wait)).into_iter().collect();
        while let Some((_, wait)) = chain.last()
            && chain.len() < CHAIN_MAX
        {
            let tasks = self.waited_for(*wait).tasks;
            match tasks.into_iter().find_map(|task| Some((task, self.wait_of(task)?))) {
                Some(next) => chain.push(next),
                None => break,
            }
        }
        chain
    }

    fn waited_for(&self, wait: Wait) -> WaitedFor {
        let known = |tasks| WaitedFor { tasks, are_at_other_end: false };
        if wait.resource == 0 || wait.label == SLEEP {
            return known(Vec::new());
        }
        if wait.label == JOIN {
            return known(vec![self.core().polling.tasks().id_at(wait.resource as u32 - 1)]);
        }
        let holders = self.devices.holders(wait.resource);
        if !holders.is_empty() {
            return known(holders);
        }
        // With nothing borrowed, since a device is asked.
        let ends = self.devices.other_ends(wait.resource);
        let core = self.core();
        let user = ends.into_iter().find_map(|end| core.users.last_of(end));
        WaitedFor { tasks: user.into_iter().collect(), are_at_other_end: true }
    }

    fn tell_chain(&self, chain: &[Waiting]) -> String {
        let mut text = String::new();
        for (place, (task, wait)) in chain.iter().enumerate() {
            let lineage = {
                let mut core = self.core_mut();
                let lineage = core.polling.tasks().at(task.index).lineage();
                core.decisions.lineages_mut().path(lineage)
            };
            let activity = self.activity_at(*wait);
            let before = place.checked_sub(1).map(|before| self.waited_for(chain[before].1));
            let written = match before {
                None => write!(text, "{lineage} {activity}"),
                Some(before) if before.are_at_other_end => {
                    write!(text, ", whose other end {lineage} has, which {activity}")
                }
                // Who is meant is clear behind a name alone.
                Some(before) if before.tasks.len() == 1 => write!(text, ", which {activity}"),
                Some(_) => write!(text, "; and {lineage} {activity}"),
            };
            written.expect("a String takes all that is written");
        }
        text
    }
}
