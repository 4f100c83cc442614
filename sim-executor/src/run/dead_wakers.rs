//! Tasks that nobody can wake any more, found by counting the wakers of each.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Alarm, Culprit, Run};
use crate::choice::TaskId;
use crate::config::DeadWakers;
use crate::task::State;

/// How many clones there are of the waker of each task. It is not in the core, as a waker may be cloned while that is borrowed.
#[derive(Debug)]
pub(crate) struct WakerCounts {
    /// By index and generation.
    clones: RefCell<BTreeMap<(u32, u32), u64>>,
    /// Tasks of whose waker the last clone was dropped since it was last looked.
    gone: RefCell<Vec<TaskId>>,
    /// Whether a task that nobody can wake fails the run.
    fails: bool,
}

impl WakerCounts {
    pub(super) fn new(dead_wakers: DeadWakers) -> Option<Self> {
        let fails = match dead_wakers {
            DeadWakers::Unknown => return None,
            DeadWakers::Told => false,
            DeadWakers::Fail => true,
        };
        Some(WakerCounts { clones: RefCell::default(), gone: RefCell::default(), fails })
    }

    /// The waker of a task is cloned.
    pub(crate) fn add(&self, task: TaskId) {
        *self.clones.borrow_mut().entry((task.index, task.generation)).or_default() += 1;
    }

    /// A clone of it is dropped.
    pub(crate) fn remove(&self, task: TaskId) {
        let mut clones = self.clones.borrow_mut();
        let Some(count) = clones.get_mut(&(task.index, task.generation)) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            clones.remove(&(task.index, task.generation));
            if self.fails {
                self.gone.borrow_mut().push(task);
            }
        }
    }

    fn has_clones(&self, task: TaskId) -> bool {
        self.clones.borrow().contains_key(&(task.index, task.generation))
    }
}

impl Run {
    /// Fails the run if this task, which was polled, or one of those whose last waker was dropped since, cannot be woken any more.
    pub(super) fn look_for_dead_wakers(&self, polled: TaskId) {
        let Some(wakers) = self.wakers().filter(|wakers| wakers.fails) else { return };
        let gone = wakers.gone.take();
        for task in gone.into_iter().chain([polled]) {
            if self.has_dead_waker(task) {
                return self.core_mut().verdict.fail_by_dead_waker(task);
            }
        }
    }

    /// Whether a task waits that nobody can wake: no clone of its waker is left, and neither a timer nor a handle knows the task itself. One
    /// that has said where it waits is known there. Never, where wakers are not counted.
    pub(crate) fn has_dead_waker(&self, task: TaskId) -> bool {
        let Some(wakers) = self.wakers() else { return false };
        let core = self.core();
        let Some(slot) = core.polling.tasks().get(task) else { return false };
        // One that was stopped, since it went on and on, would have gone on.
        let is_stopped = matches!(core.verdict.culprit(), Some(Culprit::Hog(hog)) if hog == task);
        let is_waiting = slot.state() == State::Waiting && slot.waits_for_unknown() && !is_stopped;
        is_waiting
            && !wakers.has_clones(task)
            && !core.polling.tasks().background(task.index).is_background()
            && !core.time.has_alarm(|alarm| matches!(alarm, Alarm::Task(other) if *other == task))
            && !core
                .polling
                .tasks()
                .alive()
                .iter()
                .any(|&other| core.polling.tasks().background(other.index).is_joined_by(task))
    }
}
