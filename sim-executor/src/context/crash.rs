//! How a node goes down: its tasks are dropped inside the run, with nothing borrowed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::clocks::RUN_AHEAD;
use super::ending::Leftover;
use super::run::{Core, Run};
use crate::choice::TaskId;
use crate::device::Device;
use crate::task::{Crash, Failure, Life, NodeId, State};
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
        if self.core.borrow_mut().begin_crash(node, kind) {
            self.tell_devices(|device| device.node_crashed(node, kind));
            self.bury();
        }
    }

    fn freeze(&self, node: NodeId) {
        if self.core.borrow_mut().freeze(node) {
            self.tell_devices(|device| device.node_crashed(node, Crash::Freeze));
        }
    }

    /// Lets a frozen node go on; changes nothing for another.
    pub(crate) fn thaw(&self, node: NodeId) {
        if self.core.borrow_mut().thaw(node) {
            self.tell_devices(|device| device.node_started(node));
        }
    }

    pub(super) fn tell_devices(&self, tell: impl Fn(&dyn Device)) {
        let mut position = 0;
        loop {
            // Cloned one by one, since a device that is told may have another one installed.
            let device = self.devices.borrow().get(position).map(Rc::clone);
            let Some(device) = device else { return };
            tell(&*device);
            position += 1;
        }
    }

    /// Drops the tasks of dead nodes, each as the current task, in the order of their spawns; then starts the nodes that
    /// have waited for that. Each counts as a poll, so that a program whose `Drop` spawns for ever is ended by a limit.
    pub(crate) fn bury(&self) {
        let (current, own_time) = {
            let core = self.core.borrow();
            (core.current, core.own_time & RUN_AHEAD)
        };
        loop {
            let mut core = self.core.borrow_mut();
            let dead = if core.limit.is_none() { core.ready.take_dead() } else { None };
            let Some(index) = dead else { break };
            let task = core.tasks.id_at(index);
            drop(core);
            self.kill(task);
        }
        {
            let mut core = self.core.borrow_mut();
            core.current = current;
            core.own_time = core.own_time & !RUN_AHEAD | own_time;
        }
        self.start_waiting();
    }

    /// Drops a task's future at its await point; its joiner learns that it was cancelled.
    fn kill(&self, task: TaskId) {
        let Some(mut memory) = self.core.borrow_mut().begin_kill(task) else { return };
        // The program is dead, so a panic of its `Drop` is nobody's.
        let _ = catch_unwind(AssertUnwindSafe(|| memory.as_mut().vacate()));
        let leftover = self.core.borrow_mut().end_last_poll(task, memory, Some(Failure::Cancelled));
        let Leftover { detached, .. } = leftover;
        let memory = leftover.finish();
        let mut core = self.core.borrow_mut();
        if detached {
            core.recycle_task(task, memory);
        }
        if core.awaited == Some(task) {
            core.interrupted = true;
        }
    }
}

impl Core {
    /// The node's own CPU, and those of its workers.
    fn cpus_of(&self, node: NodeId) -> Vec<u32> {
        let count = self.nodes.len() as u32;
        (node.0..count).filter(|&cpu| self.nodes[cpu as usize].host == node).collect()
    }

    /// The tasks of a node that have not ended, in the order of their spawns.
    pub(super) fn tasks_of(&mut self, node: NodeId) -> Vec<TaskId> {
        let Core { tasks, nodes, .. } = self;
        let mut all = tasks.alive();
        all.retain(|&task| nodes[tasks.at_mut(task.index).node as usize].host == node);
        all
    }

    /// Notes how a node lives from now on.
    fn set_life(&mut self, node: NodeId, life: Life, event: Event) {
        let (at, lineage) = (self.now, self.nodes[node.index()].lineage);
        let state = &mut self.nodes[node.index()];
        (state.life, state.lives_since) = (life, at);
        let hash = self.lineages.hash(lineage);
        self.hash.add(hash);
        self.hash.add(life as u64);
        self.record_node(lineage, event);
    }

    /// Whether the devices are to be told, and the dead to be buried.
    fn begin_crash(&mut self, node: NodeId, kind: Crash) -> bool {
        let life = match kind {
            Crash::PowerLoss => Life::Off,
            Crash::ProcessKill | Crash::Freeze => Life::Killed,
        };
        let before = self.nodes[node.index()].life;
        if self.is_over || before == Life::Off || before == life {
            return false;
        }
        self.set_life(node, life, Event::NodeDown { how: kind.to_string() });
        if !before.is_down() {
            self.nodes[node.index()].crashes += 1;
            self.condemn(node);
        }
        true
    }

    /// Takes all that a node would do out of the run, and makes its tasks ready to be buried.
    fn condemn(&mut self, node: NodeId) {
        for cpu in self.cpus_of(node) {
            self.ready.kill(cpu);
            self.free_cpu(cpu);
        }
        let Core { resumed, tasks, nodes, .. } = self;
        resumed.retain(|task| nodes[tasks.at_mut(task.index).node as usize].host != node);
        for task in self.tasks_of(node) {
            let slot = self.tasks.at_mut(task.index);
            if slot.state == State::Polled {
                // When the poll is over it is ready, and then it is buried.
                slot.woken = true;
            } else {
                slot.state = State::Ready;
                self.ready.push_dead(node.0, task.index);
            }
        }
    }

    fn begin_kill(&mut self, task: TaskId) -> Option<crate::task::Memory> {
        let slot = self.tasks.get_mut(task)?;
        slot.state = State::Polled;
        let (memory, lineage_hash) = (slot.memory.take(), slot.lineage_hash);
        self.current = Some(task);
        self.own_time &= !RUN_AHEAD;
        self.hash.add(lineage_hash);
        self.polls += 1;
        if self.polls >= self.polls_stop {
            let limit = self.polls_limit();
            self.limit_reached(limit);
        }
        memory
    }

    fn freeze(&mut self, node: NodeId) -> bool {
        if self.is_over || self.nodes[node.index()].life != Life::Running {
            return false;
        }
        self.set_life(node, Life::Frozen, Event::NodeFrozen);
        for cpu in self.cpus_of(node) {
            self.ready.freeze(cpu);
        }
        true
    }

    fn thaw(&mut self, node: NodeId) -> bool {
        if self.is_over || self.nodes[node.index()].life != Life::Frozen {
            return false;
        }
        self.set_life(node, Life::Running, Event::NodeThawed);
        for cpu in self.cpus_of(node) {
            self.ready.thaw(cpu);
            if !self.ready.is_cpu_held(cpu) {
                self.resume_holder(cpu);
            }
        }
        true
    }

    /// Lets a node that was down have tasks again.
    pub(super) fn revive(&mut self, node: NodeId) {
        self.set_life(node, Life::Running, Event::NodeStarted);
        self.nodes[node.index()].starts += 1;
        for cpu in self.cpus_of(node) {
            self.ready.revive(cpu);
        }
    }
}
