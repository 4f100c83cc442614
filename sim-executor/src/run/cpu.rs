//! Who has a node's CPU until when.

use std::time::Duration;

use super::Core;
use crate::choice::{Label, TaskId};
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::task::NodeId;
use crate::trace::Event;

const BLOCK: Label = Label::new("time.block");

impl Core {
    /// Lets the current task hold its node's CPU when it returns from its poll; gives the time at which that is over.
    ///
    /// # Panics
    /// Outside a task.
    pub(crate) fn hold_cpu(&mut self, duration: Duration) -> Instant {
        let (task, cpu, until) = self.run_current_ahead(duration);
        self.nodes.set_holder(cpu, Some(task));
        self.wait_at(BLOCK, 0);
        self.record_task(task, || Event::Blocked { until });
        until
    }

    /// Puts the clock of the current task's node ahead.
    ///
    /// # Panics
    /// Outside a task.
    pub(crate) fn run_cpu_ahead(&mut self, duration: Duration) {
        let (task, _, until) = self.run_current_ahead(duration);
        self.record_task(task, || Event::Blocked { until });
    }

    fn run_current_ahead(&mut self, duration: Duration) -> (TaskId, u32, Instant) {
        let task =
            self.polling.current().expect("only a task can block: outside of tasks use Executor::block");
        let cpu = self.polling.current_cpu().unwrap_or(0);
        (task, cpu, self.time.run_ahead(cpu, duration))
    }

    /// Holds a node's CPU for `duration` from outside of its tasks. Changes nothing if it is held already.
    pub(crate) fn hold_node(&mut self, node: NodeId, duration: Duration) {
        if !self.polling.ready().is_cpu_held(node.0) {
            self.time.run_ahead(node.0, duration);
            self.hold_if_ahead(node.0);
        }
    }

    /// When a CPU is free again, or was.
    pub(crate) fn free_at(&self, cpu: u32) -> Instant {
        self.time.ahead_of(cpu)
    }

    /// After a poll: holds the CPU if its clock is ahead of the world's.
    pub(super) fn hold_if_ahead(&mut self, cpu: u32) {
        if !self.time.is_ahead(cpu) {
            return;
        }
        if self.polling.ready().is_dead(cpu) {
            return self.free_cpu(cpu);
        }
        let (ready, tasks) = self.polling.ready_mut();
        ready.hold(cpu);
        if let Some(task) = self.nodes.holder(cpu)
            && let Some(slot) = tasks.get_mut(task)
        {
            slot.set_blocking();
        }
        if !self.time.set_release(cpu) {
            self.limit_reached(LimitReached::timers);
        }
    }

    /// Forgets that the CPU of a node was ever held.
    pub(super) fn free_cpu(&mut self, cpu: u32) {
        self.nodes.set_holder(cpu, None);
        self.forget_hold(cpu);
        self.time.free_cpu(cpu);
    }

    /// The world has caught up with a node.
    pub(crate) fn release_cpu(&mut self, cpu: u32) {
        self.time.forget_release(cpu);
        self.end_hold(cpu);
        let (ready, tasks) = self.polling.ready_mut();
        ready.release(cpu, tasks);
        if !ready.is_frozen(cpu) {
            self.resume_holder(cpu);
        }
    }

    /// Lets the task go on that has held the CPU.
    pub(super) fn resume_holder(&mut self, cpu: u32) {
        if let Some(task) = self.nodes.take_holder(cpu)
            && self.polling.tasks().get(task).is_some_and(|slot| slot.is_blocking())
        {
            self.polling.resume(task);
        }
    }
}
