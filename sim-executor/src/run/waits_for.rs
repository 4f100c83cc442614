//! Who waits for whom when nothing goes on.

use std::fmt::Write as _;

use super::Run;
use crate::choice::TaskId;
use crate::task::{State, Wait};

use super::report::{JOIN, SLEEP};

/// Of more tasks it is not told.
const TASKS_MAX: usize = 1_000;

impl Run {
    /// The first circle of tasks of which each waits for the next, as far as it is known for whom they wait:
    /// `main/a waits for lock "x" held by main/b since 0.002, which waits for lock "y" held by main/a since 0.001`.
    pub(crate) fn circle_of_waits(&self) -> Option<String> {
        let alive = self.core().polling.tasks().alive();
        let mut done = Vec::new();
        for task in alive.into_iter().take(TASKS_MAX) {
            let mut path = Vec::new();
            if let Some(begin) = self.find_circle(task, &mut path, &mut done) {
                return Some(self.tell_circle(&path[begin..]));
            }
        }
        None
    }

    /// Follows the waits of a task until one comes back to the path; says where.
    fn find_circle(
        &self,
        task: TaskId,
        path: &mut Vec<(TaskId, Wait)>,
        done: &mut Vec<TaskId>,
    ) -> Option<usize> {
        if let Some(begin) = path.iter().position(|(before, _)| *before == task) {
            return Some(begin);
        }
        if done.contains(&task) || path.len() == TASKS_MAX {
            return None;
        }
        let wait =
            self.core().polling.tasks().get(task).filter(|slot| slot.state() == State::Waiting)?.waiting_at();
        path.push((task, wait));
        for holder in self.waited_for(wait) {
            let found = self.find_circle(holder, path, done);
            if found.is_some() {
                return found;
            }
        }
        path.pop();
        done.push(task);
        None
    }

    fn waited_for(&self, wait: Wait) -> Vec<TaskId> {
        if wait.resource == 0 || wait.label == SLEEP {
            return Vec::new();
        }
        if wait.label == JOIN {
            return vec![self.core().polling.tasks().id_at(wait.resource as u32 - 1)];
        }
        self.devices.holders(wait.resource)
    }

    fn tell_circle(&self, circle: &[(TaskId, Wait)]) -> String {
        let mut text = String::new();
        for (place, (task, wait)) in circle.iter().enumerate() {
            let lineage = {
                let mut core = self.core_mut();
                let lineage = core.polling.tasks().at(task.index).lineage();
                core.decisions.lineages_mut().path(lineage)
            };
            let activity = self.activity_at(*wait);
            // Who is meant is clear behind a name alone.
            let before = place.checked_sub(1).map(|before| self.waited_for(circle[before].1).len());
            let written = match before {
                None => write!(text, "{lineage} {activity}"),
                Some(1) => write!(text, ", which {activity}"),
                Some(_) => write!(text, "; and {lineage} {activity}"),
            };
            written.expect("a String takes all that is written");
        }
        text
    }
}
