//! How a node goes down: its tasks are dropped inside the run, with nothing borrowed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Core, Leftover, Run};
use crate::choice::TaskId;
use crate::task::{Crash, Failure, Life, Memory, NodeId, State};
use crate::trace::Event;

impl Run {
    /// Lets a node go down. All is done when this returns, except that a task of the node which is being polled goes on to
    /// the end of its poll.
    ///
    /// # Panics
    /// For the node `main`, unless it is only frozen.
    pub(crate) fn crash(&self, node: NodeId, kind: Crash) {
        if kind == Crash::Freeze {
            return self.freeze(node);
        }
        assert!(
            node.index() != 0,
            "the node main runs the test and cannot crash: let what is to crash run on a node of its own"
        );
        if self.core_mut().begin_crash(node, kind) {
            self.devices.for_each(|device| device.node_crashed(node, kind));
            self.bury();
        }
    }

    fn freeze(&self, node: NodeId) {
        if self.core_mut().freeze(node) {
            self.devices.for_each(|device| device.node_crashed(node, Crash::Freeze));
        }
    }

    /// Lets a frozen node go on; changes nothing for another.
    pub(crate) fn thaw(&self, node: NodeId) {
        if self.core_mut().thaw(node) {
            self.devices.for_each(|device| device.node_started(node));
        }
    }

    /// Drops the tasks of dead nodes, each as the current task, in the order of their spawns; then starts the nodes that
    /// have waited for that. Each counts as a poll, so that a program whose `Drop` spawns for ever is ended by a limit.
    pub(crate) fn bury(&self) {
        let (current, has_run_ahead) = {
            let core = self.core();
            (core.polling.current(), core.time.has_run_ahead())
        };
        loop {
            let mut core = self.core_mut();
            let dead = if core.verdict.has_limit() { None } else { core.take_dead() };
            drop(core);
            let Some(task) = dead else { break };
            self.kill(task);
        }
        {
            let mut core = self.core_mut();
            core.polling.set_current(current);
            core.time.go_back_to_poll(has_run_ahead);
        }
        self.start_waiting();
    }

    /// Drops a task's future at its await point; its joiner learns that it was cancelled.
    fn kill(&self, task: TaskId) {
        let Some(mut memory) = self.core_mut().begin_kill(task) else { return };
        // The program is dead, so a panic of its `Drop` is nobody's.
        let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        let leftover = {
            let mut core = self.core_mut();
            let leftover = core.end_by_failure(task, memory, Failure::Cancelled);
            core.hold_after_last_poll(task);
            leftover
        };
        let Leftover { detached, .. } = leftover;
        let memory = self.finish_leftover(task, leftover);
        let mut core = self.core_mut();
        if detached {
            core.recycle_task(task, memory);
        }
        core.look_whether_awaited(task);
    }
}

impl Core {
    /// Asks the loop to come back if it waits for the end of this task.
    #[inline]
    pub(crate) fn look_whether_awaited(&mut self, task: TaskId) {
        if self.polling.awaited() == Some(task) {
            self.verdict.interrupt();
        }
    }

    /// A task of a node that is down.
    fn take_dead(&mut self) -> Option<TaskId> {
        let (ready, tasks) = self.polling.ready_mut();
        let index = ready.take_dead(tasks)?;
        Some(tasks.id_at(index))
    }

    /// The tasks of a node that have not ended, in the order of their spawns.
    pub(super) fn tasks_of(&self, node: NodeId) -> Vec<TaskId> {
        let mut all = self.polling.tasks().alive();
        all.retain(|&task| self.nodes.host_of(self.polling.tasks().at(task.index).node()) == node);
        all
    }

    /// Notes how a node lives from now on.
    fn set_life(&mut self, node: NodeId, life: Life, event: Event) {
        self.nodes.set_life(node, life, self.time.now());
        let lineage = self.nodes.lineage(node);
        let hash = self.decisions.lineages().hash(lineage);
        self.decisions.hash(hash);
        self.decisions.hash(life as u64);
        self.record_node(lineage, event);
    }

    /// Whether the devices are to be told, and the dead to be buried.
    fn begin_crash(&mut self, node: NodeId, kind: Crash) -> bool {
        let life = match kind {
            Crash::PowerLoss => Life::Off,
            Crash::ProcessKill | Crash::Freeze => Life::Killed,
        };
        let before = self.nodes.life(node);
        if self.decisions.is_over() || before == Life::Off || before == life {
            return false;
        }
        self.set_life(node, life, Event::NodeDown { how: kind.to_string() });
        if !before.is_down() {
            self.nodes.count_crash(node);
            self.condemn(node);
        }
        true
    }

    /// Takes all that a node would do out of the run, and makes its tasks ready to be buried.
    fn condemn(&mut self, node: NodeId) {
        let cpus: Vec<u32> = self.nodes.cpus_of(node).collect();
        for cpu in cpus {
            let (ready, tasks) = self.polling.ready_mut();
            ready.kill(tasks, cpu);
            self.free_cpu(cpu);
        }
        let nodes = &self.nodes;
        self.polling.forget_resumed(|tasks, task| nodes.host_of(tasks.at(task.index).node()) == node);
        for task in self.tasks_of(node) {
            let (ready, tasks) = self.polling.ready_mut();
            let slot = tasks.at_mut(task.index);
            if slot.state() == State::Polled {
                // When the poll is over it is ready, and then it is buried.
                slot.wake();
            } else {
                slot.set_ready();
                ready.push_dead(tasks, node.0, task.index);
            }
        }
    }

    fn begin_kill(&mut self, task: TaskId) -> Option<Memory> {
        let slot = self.polling.tasks_mut().get_mut(task)?;
        let (memory, lineage_hash) = (slot.begin_end(), slot.lineage_hash());
        self.begin_turn(task, lineage_hash);
        memory
    }

    fn freeze(&mut self, node: NodeId) -> bool {
        if self.decisions.is_over() || self.nodes.life(node) != Life::Running {
            return false;
        }
        self.set_life(node, Life::Frozen, Event::NodeFrozen);
        for cpu in self.nodes.cpus_of(node) {
            self.polling.ready_mut().0.freeze(cpu);
        }
        true
    }

    fn thaw(&mut self, node: NodeId) -> bool {
        if self.decisions.is_over() || self.nodes.life(node) != Life::Frozen {
            return false;
        }
        self.set_life(node, Life::Running, Event::NodeThawed);
        let cpus: Vec<u32> = self.nodes.cpus_of(node).collect();
        for cpu in cpus {
            let (ready, tasks) = self.polling.ready_mut();
            ready.thaw(cpu, tasks);
            if !ready.is_cpu_held(cpu) {
                self.resume_holder(cpu);
            }
        }
        true
    }

    /// Lets a node that was down have tasks again.
    pub(super) fn revive(&mut self, node: NodeId) {
        self.set_life(node, Life::Running, Event::NodeStarted);
        self.nodes.count_start(node);
        for cpu in self.nodes.cpus_of(node) {
            self.polling.ready_mut().0.revive(cpu);
        }
    }
}
