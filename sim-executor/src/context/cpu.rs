//! Who has a node's CPU until when.

use std::time::Duration;

use super::clocks::RUN_AHEAD;
use super::run::Core;
use super::timer::Alarm;
use super::{NodeId, with};
use crate::choice::{Label, TaskId};
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::task::State;
use crate::trace::Event;

const BLOCK: Label = Label::new("time.block");

/// Lets the current task hold its node's CPU when it returns from its poll; gives the time at which that is over.
///
/// # Panics
/// Outside a task.
pub(crate) fn hold_cpu(duration: Duration) -> Instant {
    with(|run| {
        let mut core = run.core.borrow_mut();
        let task = core.current.expect("only a task can block: outside of tasks use Executor::block");
        let cpu = core.current_cpu() as usize;
        let until = core.run_cpu_ahead(cpu, duration);
        core.nodes[cpu].held_by = Some(task);
        core.wait_at(BLOCK, 0);
        core.record_task(task, || Event::Blocked { until });
        until
    })
}

/// Puts the clock of the current task's node ahead.
///
/// # Panics
/// Outside a task.
pub(crate) fn run_ahead(duration: Duration) {
    with(|run| {
        let mut core = run.core.borrow_mut();
        let task = core.current.expect("only a task can block: outside of tasks use Executor::block");
        let cpu = core.current_cpu() as usize;
        let until = core.run_cpu_ahead(cpu, duration);
        core.record_task(task, || Event::Blocked { until });
    });
}

/// Holds a node's CPU for `duration` from outside of its tasks: what its event loop itself costs. Changes nothing if the CPU
/// is held already.
///
/// # Panics
/// Outside a run, or for a node of another run.
pub fn hold_node(node: NodeId, duration: Duration) {
    with(|run| {
        let mut core = run.core.borrow_mut();
        if !core.ready.is_cpu_held(node.0) {
            core.run_cpu_ahead(node.index(), duration);
            core.hold_if_ahead(node.0);
        }
    });
}

impl Core {
    pub(crate) fn run_cpu_ahead(&mut self, cpu: usize, duration: Duration) -> Instant {
        let until = self.now.max(self.nodes[cpu].ahead) + duration;
        self.nodes[cpu].ahead = until;
        self.own_time |= RUN_AHEAD;
        until
    }

    /// Whether the node's clock is ahead of the world's.
    #[inline]
    pub(crate) fn is_ahead(&self, cpu: u32) -> bool {
        self.nodes[cpu as usize].ahead > self.now
    }

    /// After a poll: holds the CPU if its clock is ahead of the world's.
    pub(crate) fn hold_if_ahead(&mut self, cpu: u32) {
        if !self.is_ahead(cpu) {
            return;
        }
        if self.ready.is_dead(cpu) {
            return self.free_cpu(cpu);
        }
        let until = self.nodes[cpu as usize].ahead;
        self.ready.hold(cpu);
        if let Some(task) = self.nodes[cpu as usize].held_by
            && let Some(slot) = self.tasks.get_mut(task)
            && slot.state == State::Waiting
        {
            slot.state = State::Blocking;
        }
        match self.timers.push(until, Alarm::Release(cpu)) {
            Ok(release) => self.nodes[cpu as usize].release = Some(release),
            Err(_) => {
                let limit = LimitReached::timers(&self.limits);
                self.limit_reached(limit);
            }
        }
    }

    /// Forgets that the CPU of a node was ever held.
    pub(crate) fn free_cpu(&mut self, cpu: u32) {
        let state = &mut self.nodes[cpu as usize];
        (state.ahead, state.held_by) = (Instant::START, None);
        if let Some(release) = state.release.take() {
            self.timers.remove(release);
        }
    }

    /// The world has caught up with a node.
    pub(crate) fn release_cpu(&mut self, cpu: u32) {
        self.nodes[cpu as usize].release = None;
        self.ready.release(cpu);
        if !self.ready.is_frozen(cpu) {
            self.resume_holder(cpu);
        }
    }

    /// Lets the task go on that has held the CPU.
    pub(crate) fn resume_holder(&mut self, cpu: u32) {
        if let Some(task) = self.nodes[cpu as usize].held_by.take() {
            self.resume(task);
        }
    }

    fn resume(&mut self, task: TaskId) {
        if let Some(slot) = self.tasks.get_mut(task)
            && slot.state == State::Blocking
        {
            self.resumed.push_back(task);
        }
    }
}
