//! What the next poll of a task will touch, as far as that is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_executor::{Access, Fact, Key, Resource, TaskId};

use super::per_task::PerTask;
use super::survey::Survey;

/// A resource, and how it is touched.
pub(super) type Touch = (Resource, Access);

/// Of one poll so many touches are kept.
pub(super) const TOUCHES_MAX: usize = 16;

/// Foresees what polls will touch. In this order: what the task itself has said; what the poll of the same name has touched in the
/// survey; what the task has touched when it was last polled at the same operation, if that is one of its last two.
#[derive(Clone, Debug)]
pub(super) struct Foresight {
    survey: Arc<Survey>,
    /// What tasks have said.
    intended: BTreeMap<TaskId, Touch>,
    recent: PerTask<Recent>,
}

/// What a task has touched in its latest polls.
#[derive(Clone, Debug, Default)]
struct Recent {
    /// The latest of two operations, then the one before.
    polls: [Touched; 2],
}

#[derive(Clone, Debug, Default)]
struct Touched {
    poll: Option<Key>,
    touches: Vec<Touch>,
}

impl Foresight {
    pub(super) fn new(survey: Arc<Survey>) -> Self {
        Foresight { survey, intended: BTreeMap::new(), recent: PerTask::default() }
    }

    /// Takes note of a fact.
    #[inline]
    pub(super) fn observe(&mut self, fact: &Fact) {
        match *fact {
            Fact::Accessed { task, key, resource, access } => {
                if !self.intended.is_empty() {
                    self.intended.remove(&task);
                }
                // Of a task that has ended no poll is to be foreseen.
                if resource != Resource::end_of(task) {
                    self.recent.entry(task, Recent::default).see(key, (resource, access));
                }
            }
            Fact::Intended { task, resource, access } => {
                self.intended.insert(task, (resource, access));
            }
            _ => {}
        }
    }

    /// What the task will touch when it is polled; nothing if that is not known.
    #[inline]
    pub(super) fn of(&self, task: TaskId, poll: Key) -> &[Touch] {
        if !self.intended.is_empty()
            && let Some(said) = self.intended.get(&task)
        {
            return std::slice::from_ref(said);
        }
        if let Some(surveyed) = self.survey.touches(poll) {
            return surveyed;
        }
        let Some(recent) = self.recent.get(task) else { return &[] };
        let is_same = |touched: &&Touched| touched.poll.is_some_and(|touched| touched.stream == poll.stream);
        recent.polls.iter().find(is_same).map_or(&[], |touched| &touched.touches)
    }
}

impl Recent {
    #[inline]
    fn see(&mut self, poll: Key, touch: Touch) {
        if self.polls[0].poll != Some(poll) {
            if self.polls[0].poll.is_some_and(|latest| latest.stream != poll.stream) {
                self.polls.swap(0, 1);
            }
            self.polls[0].poll = Some(poll);
            self.polls[0].touches.clear();
        }
        add_touch(&mut self.polls[0].touches, touch);
    }
}

/// Adds a touch to those of one poll; of one resource a write counts more than a read.
#[inline]
pub(super) fn add_touch(touches: &mut Vec<Touch>, (resource, access): Touch) {
    if let Some((_, before)) = touches.iter_mut().find(|(other, _)| *other == resource) {
        *before = access.max(*before);
    } else if touches.len() < TOUCHES_MAX {
        touches.push((resource, access));
    }
}
