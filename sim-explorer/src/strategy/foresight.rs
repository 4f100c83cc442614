//! What the next poll of a task will touch, as far as that is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_executor::{Access, Candidate, Fact, Key, Resource, TaskId};

use super::survey::Survey;

/// A resource, and how it is touched.
pub(super) type Touch = (Resource, Access);

/// Of one poll so many touches are kept.
pub(super) const TOUCHES_MAX: usize = 16;

/// Foresees what polls will touch. In this order: what the task itself has said; what the poll of the same name has touched in the
/// survey; what the task has touched when it was last polled at the same operation.
#[derive(Clone, Debug)]
pub(super) struct Foresight {
    survey: Arc<Survey>,
    /// What tasks have said.
    intended: BTreeMap<TaskId, Touch>,
    /// By the streams of the polls.
    learnt: BTreeMap<u64, Vec<Touch>>,
    /// The last poll that has touched something, and what.
    latest: Option<Key>,
    touched: Vec<Touch>,
}

impl Foresight {
    pub(super) fn new(survey: Arc<Survey>) -> Self {
        Foresight {
            survey,
            intended: BTreeMap::new(),
            learnt: BTreeMap::new(),
            latest: None,
            touched: Vec::new(),
        }
    }

    /// Takes note of a fact.
    pub(super) fn observe(&mut self, fact: &Fact) {
        match *fact {
            Fact::Accessed { task, key, resource, access } => {
                self.intended.remove(&task);
                self.see(key, (resource, access));
            }
            Fact::Intended { task, resource, access } => {
                self.intended.insert(task, (resource, access));
            }
            _ => {}
        }
    }

    fn see(&mut self, key: Key, touch: Touch) {
        if self.latest != Some(key) {
            self.learn();
            self.latest = Some(key);
        }
        add_touch(&mut self.touched, touch);
    }

    fn learn(&mut self) {
        if let Some(before) = self.latest {
            let learnt = self.learnt.entry(before.stream).or_default();
            learnt.clear();
            learnt.append(&mut self.touched);
        }
    }

    /// What the task will touch when it is polled; nothing if that is not known.
    pub(super) fn of(&self, task: &Candidate) -> &[Touch] {
        if let Some(said) = self.intended.get(&task.task) {
            return std::slice::from_ref(said);
        }
        if let Some(surveyed) = self.survey.touches(task.key) {
            return surveyed;
        }
        match self.latest {
            Some(latest) if latest.stream == task.key.stream => &self.touched,
            _ => self.learnt.get(&task.key.stream).map_or(&[], Vec::as_slice),
        }
    }
}

/// Adds a touch to those of one poll; of one resource a write counts more than a read.
pub(super) fn add_touch(touches: &mut Vec<Touch>, (resource, access): Touch) {
    if let Some((_, before)) = touches.iter_mut().find(|(other, _)| *other == resource) {
        *before = access.max(*before);
    } else if touches.len() < TOUCHES_MAX {
        touches.push((resource, access));
    }
}
