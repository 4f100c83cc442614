//! Tasks whose turn was put behind that of others.

use std::ops::ControlFlow;

use sim_executor::{Candidate, Candidates, Eligibility, TaskId};

/// The default order, but for tasks that wait until the others which were ready with them have had their turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Postponed {
    tasks: Vec<Wait>,
}

/// A ready task that waits until those which became ready up to the stamp `behind` are polled.
#[derive(Clone, Copy, Debug)]
struct Wait {
    task: TaskId,
    stamp: u32,
    behind: u32,
}

impl Postponed {
    /// The task whose turn it is instead of the gentlest; `None` if it is the gentlest's.
    pub(crate) fn turn(&mut self, candidates: &dyn Candidates) -> Option<Candidate> {
        if self.tasks.is_empty() {
            return None;
        }
        let is_waiting = |wait: &Wait| is_ready(candidates, wait);
        self.tasks.retain(is_waiting);
        let gentlest = candidates.gentlest();
        let behind = self.tasks.iter().find(|wait| wait.task == gentlest)?.behind;
        let first = self.first_up_to(behind, candidates);
        if first.is_none() {
            self.tasks.retain(|wait| wait.task != gentlest);
        }
        first
    }

    /// Puts the task whose turn it is behind all that are ready.
    pub(crate) fn postpone(&mut self, candidates: &dyn Candidates) {
        let task = self.turn(candidates).map_or_else(|| candidates.gentlest(), |turn| turn.task);
        let (mut stamp, mut behind) = (0, 0);
        candidates.visit(&mut |candidate| {
            if candidate.task == task {
                stamp = candidate.stamp;
            }
            behind = behind.max(candidate.stamp);
            ControlFlow::Continue(())
        });
        self.tasks.push(Wait { task, stamp, behind });
    }

    fn first_up_to(&self, stamp: u32, candidates: &dyn Candidates) -> Option<Candidate> {
        let mut first: Option<Candidate> = None;
        candidates.visit(&mut |candidate| {
            let is_earlier = first.is_none_or(|first| candidate.stamp < first.stamp);
            if is_earlier && candidate.stamp <= stamp && !self.is_postponed(&candidate) {
                first = Some(candidate);
            }
            ControlFlow::Continue(())
        });
        first
    }

    fn is_postponed(&self, candidate: &Candidate) -> bool {
        self.tasks.iter().any(|wait| wait.task == candidate.task)
    }
}

fn is_ready(candidates: &dyn Candidates, wait: &Wait) -> bool {
    !matches!(candidates.eligibility(wait.task.index() as u32, wait.stamp), Eligibility::Gone)
}
