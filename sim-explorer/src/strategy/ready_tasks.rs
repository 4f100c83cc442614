//! The tasks that may be polled, as a source keeps them that is asked for the order.

use std::ops::ControlFlow;

use sim_executor::{Candidate, Candidates, Eligibility, Value};

/// How often a position is drawn again because the task there may not be polled now, before all are looked at.
const DRAWS_MAX: u32 = 16;

/// A list of the ready tasks that is brought up to date by those that became ready, so that a question does not cost a
/// visit of all of them. What was polled since, or has ended, is dropped when it is come across.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadyTasks {
    listed: Vec<Candidate>,
}

impl ReadyTasks {
    /// Adds those that became ready since the last question.
    pub(super) fn update(&mut self, candidates: &dyn Candidates) {
        candidates.take_fresh(&mut self.listed);
        if self.listed.len() > 2 * candidates.count() + 64 {
            self.listed.retain(|task| is_listed(candidates, task));
        }
    }

    /// One of the tasks that may be polled, all equally probable: positions are drawn until one is of such a task.
    pub(super) fn take_uniform(
        &mut self,
        candidates: &dyn Candidates,
        mut draw_below: impl FnMut(u64) -> u64,
    ) -> Option<Value> {
        let mut draws = 0;
        while draws < DRAWS_MAX && !self.listed.is_empty() {
            let position = draw_below(self.listed.len() as u64) as usize;
            let task = self.listed[position];
            match candidates.eligibility(task.task.index() as u32, task.stamp) {
                Eligibility::Ready(task) => {
                    self.listed.swap_remove(position);
                    return Some(pick(&task));
                }
                Eligibility::Held => draws += 1,
                Eligibility::Gone => drop(self.listed.swap_remove(position)),
            }
        }
        let wanted = draw_below(candidates.count() as u64);
        nth(candidates, wanted)
    }
}

pub(super) fn is_listed(candidates: &dyn Candidates, task: &Candidate) -> bool {
    !matches!(candidates.eligibility(task.task.index() as u32, task.stamp), Eligibility::Gone)
}

/// The answer that this task is polled next.
pub(crate) fn pick(task: &Candidate) -> Value {
    Value::Pick { task: task.task, key: task.key }
}

/// The candidate of that number, in the order in which they are visited.
fn nth(candidates: &dyn Candidates, number: u64) -> Option<Value> {
    let (mut left, mut found) = (number, None);
    candidates.visit(&mut |task| {
        if left == 0 {
            found = Some(pick(&task));
            return ControlFlow::Break(());
        }
        left -= 1;
        ControlFlow::Continue(())
    });
    found
}
