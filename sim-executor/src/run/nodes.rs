//! The nodes of a run: which there are, and how they live.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::may_crash::CrashPlan;
use super::start::{Program, RestartOnPanic};
use super::{Core, NodeReport};
use crate::choice::{LineageId, TaskId};
use crate::clock::Instant;
use crate::reuse::Reuse as _;
use crate::task::{Life, NodeId};

/// Machines, and the worker threads that some of them have.
#[derive(Default)]
pub(crate) struct Nodes {
    nodes: Vec<NodeState>,
    /// How many of them are machines, and not workers of one.
    machines: u32,
    /// The machines by name, if they are more than a few.
    by_name: BTreeMap<Rc<str>, NodeId>,
    /// The names of the nodes of an earlier run; the last is for the next node, which nearly always has the same.
    spare_names: Vec<Rc<str>>,
    /// Nodes that are to start when their last task is gone.
    starting: Vec<NodeId>,
    /// Nodes on which a task has panicked, and which are to start again.
    panicked: Vec<NodeId>,
    /// What each poll costs its CPU.
    poll_cost: Duration,
}

struct NodeState {
    name: Rc<str>,
    lineage: LineageId,
    /// The node itself; for a worker thread the node it belongs to.
    host: NodeId,
    /// How many machines there were before this one.
    host_number: u32,
    /// The task that holds the CPU, and goes on first.
    held_by: Option<TaskId>,
    /// Workers of this node that have nothing to do.
    idle_workers: Vec<u32>,
    workers: u32,
    life: Life,
    /// Since when.
    lives_since: Instant,
    crashes: u32,
    /// How often it was started after it was down.
    starts: u32,
    program: Option<Program>,
    restart_on_panic: Option<RestartOnPanic>,
    crash_plan: Option<CrashPlan>,
    /// Panics that have restarted it.
    panics: u32,
}

impl NodeState {
    /// Whether the node of that number is no worker of another.
    fn is_machine(&self, index: u32) -> bool {
        self.host.0 == index
    }
}

/// So many machines at most are looked through for a name.
const FEW: u32 = 8;
/// The names of so many nodes are left to the next run.
const NAMES_KEPT_MAX: usize = 64;

impl Nodes {
    /// Begins a run.
    pub(super) fn configure(&mut self, poll_cost: Duration) {
        self.poll_cost = poll_cost;
    }

    /// Makes it as new, when programs were taken out to be dropped, and keeps memory for the next run, which calls
    /// [`Nodes::configure`].
    pub(super) fn renew(&mut self) {
        let Nodes { nodes, machines, by_name, spare_names, starting, panicked, poll_cost: _ } = self;
        nodes.truncate(NAMES_KEPT_MAX);
        spare_names.clear();
        // From the last on, so that the first comes out first.
        spare_names.extend(nodes.drain(..).rev().map(|node| node.name));
        nodes.renew();
        *machines = 0;
        by_name.renew();
        starting.renew();
        panicked.renew();
    }

    fn add(&mut self, name: Rc<str>, lineage: LineageId, host: Option<NodeId>) {
        let id = NodeId(self.nodes.len() as u32);
        let host_number = match host {
            Some(host) => self.nodes[host.index()].host_number,
            None => self.machines,
        };
        self.nodes.push(NodeState {
            name,
            lineage,
            host: host.unwrap_or(id),
            host_number,
            held_by: None,
            idle_workers: Vec::new(),
            workers: 0,
            life: Life::Running,
            lives_since: Instant::START,
            crashes: 0,
            starts: 0,
            program: None,
            restart_on_panic: None,
            crash_plan: None,
            panics: 0,
        });
        if host.is_none() {
            self.machines += 1;
            self.index_machine(id);
        }
    }

    /// Notes the name of the machine that was made last, and those of the others once they are more than a few.
    fn index_machine(&mut self, last: NodeId) {
        if self.machines <= FEW {
            return;
        }
        let Nodes { nodes, by_name, .. } = self;
        let unknown = if by_name.is_empty() { NodeId(0) } else { last };
        let unknown = (unknown.0..).zip(&nodes[unknown.index()..]);
        for (index, state) in unknown.filter(|(index, state)| state.is_machine(*index)) {
            by_name.insert(Rc::clone(&state.name), NodeId(index));
        }
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<NodeId> {
        if self.machines > FEW {
            return self.by_name.get(name).copied();
        }
        self.machines().find(|(_, state)| *state.name == *name).map(|(id, _)| id)
    }

    /// The machines in the order of their creation.
    fn machines(&self) -> impl Iterator<Item = (NodeId, &NodeState)> {
        let all = (0..).zip(&self.nodes);
        all.filter(|(index, state)| state.is_machine(*index)).map(|(index, state)| (NodeId(index), state))
    }

    /// A name for the next node, in memory that it had in an earlier run, if it was called the same there.
    fn kept_name(&mut self, name: &str) -> Rc<str> {
        self.spare_names.pop().filter(|kept| **kept == *name).unwrap_or_else(|| name.into())
    }

    /// How many there are, with the workers of nodes.
    pub(super) fn count(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// How many machines there are.
    pub(crate) fn machine_count(&self) -> usize {
        self.machines as usize
    }

    /// How many machines were made before this one; for a worker, before its machine.
    #[inline]
    pub(crate) fn machine_number(&self, node: NodeId) -> usize {
        self.nodes[node.index()].host_number as usize
    }

    pub(crate) fn name(&self, node: NodeId) -> Rc<str> {
        Rc::clone(self.name_ref(node))
    }

    pub(crate) fn name_ref(&self, node: NodeId) -> &Rc<str> {
        &self.nodes[node.index()].name
    }

    #[inline]
    pub(crate) fn lineage(&self, node: NodeId) -> LineageId {
        self.nodes[node.index()].lineage
    }

    /// The machine to which a CPU belongs.
    #[inline]
    pub(crate) fn host_of(&self, cpu: u32) -> NodeId {
        self.nodes[cpu as usize].host
    }

    /// The node's own CPU, and those of its workers.
    pub(super) fn cpus_of(&self, node: NodeId) -> impl Iterator<Item = u32> {
        let count = self.nodes.len() as u32;
        (node.0..count).filter(move |&cpu| self.nodes[cpu as usize].host == node)
    }

    pub(super) fn poll_cost(&self) -> Duration {
        self.poll_cost
    }

    /// The task that holds a CPU.
    pub(super) fn holder(&self, cpu: u32) -> Option<TaskId> {
        self.nodes[cpu as usize].held_by
    }

    pub(super) fn set_holder(&mut self, cpu: u32, task: Option<TaskId>) {
        self.nodes[cpu as usize].held_by = task;
    }

    pub(super) fn take_holder(&mut self, cpu: u32) -> Option<TaskId> {
        self.nodes[cpu as usize].held_by.take()
    }
}

/// Workers.
impl Nodes {
    fn take_idle_worker(&mut self, host: NodeId) -> Option<NodeId> {
        self.nodes[host.index()].idle_workers.pop().map(NodeId)
    }

    fn name_next_worker(&mut self, host: NodeId) -> String {
        let state = &mut self.nodes[host.index()];
        state.workers += 1;
        format!("{}/blocking#{}", state.name, state.workers)
    }

    /// The worker has nothing to do.
    pub(crate) fn give_worker_back(&mut self, worker: NodeId) {
        let host = self.host_of(worker.0);
        self.nodes[host.index()].idle_workers.push(worker.0);
    }
}

/// Lives.
impl Nodes {
    pub(crate) fn life(&self, node: NodeId) -> Life {
        self.nodes[node.index()].life
    }

    pub(super) fn set_life(&mut self, node: NodeId, life: Life, since: Instant) {
        let state = &mut self.nodes[node.index()];
        (state.life, state.lives_since) = (life, since);
    }

    pub(super) fn count_crash(&mut self, node: NodeId) {
        self.nodes[node.index()].crashes += 1;
    }

    pub(super) fn count_start(&mut self, node: NodeId) {
        self.nodes[node.index()].starts += 1;
    }

    /// How often the node has started after it was down.
    pub(crate) fn starts(&self, node: NodeId) -> u32 {
        self.nodes[node.index()].starts
    }

    pub(super) fn program(&self, node: NodeId) -> Option<Program> {
        self.nodes[node.index()].program.clone()
    }

    /// Sets the node's program; gives the one that it had, to be dropped with nothing borrowed.
    pub(super) fn set_program(&mut self, node: NodeId, program: Program) -> Option<Program> {
        self.nodes[node.index()].program.replace(program)
    }

    /// Takes all programs, to be dropped with nothing borrowed.
    pub(crate) fn take_programs(&mut self) -> Vec<Program> {
        self.nodes.iter_mut().filter_map(|node| node.program.take()).collect()
    }

    /// Notes that the node starts when its last task is gone.
    pub(super) fn start_later(&mut self, node: NodeId) {
        if !self.starting.contains(&node) {
            self.starting.push(node);
        }
    }

    pub(crate) fn is_any_starting(&self) -> bool {
        !self.starting.is_empty()
    }

    pub(super) fn take_starting(&mut self) -> Vec<NodeId> {
        std::mem::take(&mut self.starting)
    }

    pub(super) fn restart_policy(&self, node: NodeId) -> Option<RestartOnPanic> {
        self.nodes[node.index()].restart_on_panic
    }

    pub(crate) fn set_restart_policy(&mut self, node: NodeId, policy: RestartOnPanic) {
        self.nodes[node.index()].restart_on_panic = Some(policy);
    }

    /// How a node may crash, if it may.
    pub(super) fn crash_plan(&mut self, node: NodeId) -> Option<&mut CrashPlan> {
        self.nodes[node.index()].crash_plan.as_mut()
    }

    pub(super) fn set_crash_plan(&mut self, node: NodeId, plan: CrashPlan) {
        self.nodes[node.index()].crash_plan = Some(plan);
    }

    /// Whether a panic of a task on that CPU restarts its node. It is counted then.
    pub(super) fn survives_panic(&mut self, cpu: u32) -> bool {
        let host = self.host_of(cpu);
        let state = &mut self.nodes[host.index()];
        let Some(policy) = state.restart_on_panic else { return false };
        if state.panics >= policy.restarts_max {
            return false;
        }
        state.panics += 1;
        if state.life == Life::Running && !self.panicked.contains(&host) {
            self.panicked.push(host);
        }
        true
    }

    pub(crate) fn is_any_panicked(&self) -> bool {
        !self.panicked.is_empty()
    }

    pub(super) fn take_panicked(&mut self) -> Vec<NodeId> {
        std::mem::take(&mut self.panicked)
    }

    /// The machines whose life has changed, in the order of their creation.
    pub(crate) fn reports(&self) -> Vec<NodeReport> {
        self.machines()
            .map(|(_, state)| state)
            .filter(|state| {
                state.lives_since > Instant::START || state.crashes > 0 || state.life != Life::Running
            })
            .map(|state| NodeReport {
                name: Rc::clone(&state.name),
                life: state.life,
                since: state.lives_since,
                crashes: state.crashes,
                starts: state.starts,
            })
            .collect()
    }

    /// Those of them that are down or frozen.
    pub(crate) fn reports_of_stopped(&self) -> Vec<NodeReport> {
        let mut reports = self.reports();
        reports.retain(|report| report.life != Life::Running);
        reports
    }
}

impl Core {
    pub(crate) fn add_node(&mut self, name: Cow<'static, str>, host: Option<NodeId>) -> NodeId {
        let lineages = self.decisions.lineages_mut();
        let kept = self.nodes.kept_name(&name);
        let lineage = match host {
            Some(host) => lineages.child(self.nodes.lineage(host), "blocking"),
            None => lineages.root(name),
        };
        self.nodes.add(kept, lineage, host);
        self.time.add_cpu();
        let (ready, tasks) = self.polling.ready_mut();
        let index = ready.add_node();
        match self.nodes.life(self.nodes.host_of(index)) {
            Life::Running => {}
            Life::Frozen => ready.freeze(index),
            Life::Killed | Life::Off => ready.kill(tasks, index),
        }
        NodeId(index)
    }

    /// A worker of the current node that is idle, or a new one.
    pub(crate) fn take_worker(&mut self) -> NodeId {
        let host = self.host_of_current();
        self.nodes.take_idle_worker(host).unwrap_or_else(|| {
            let name = self.nodes.name_next_worker(host);
            self.add_node(name.into(), Some(host))
        })
    }

    /// The node of the current task; between tasks, the node `main`.
    #[inline]
    pub(crate) fn host_of_current(&self) -> NodeId {
        self.nodes.host_of(self.polling.current_cpu().unwrap_or(0))
    }

    /// Who draws: the part of the workload in which the current task is, else the task.
    #[inline]
    pub(crate) fn drawing_actor(&self) -> LineageId {
        self.span.unwrap_or_else(|| self.current_actor())
    }

    /// The lineage of the current task; between tasks, of the node `main`.
    #[inline]
    pub(crate) fn current_actor(&self) -> LineageId {
        match self.polling.current_slot() {
            Some(slot) => slot.lineage(),
            None => self.nodes.lineage(NodeId(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Lineages;

    /// Were all others looked at for each of them, it would show in how long this takes.
    #[test]
    fn the_last_of_many_machines_is_found() {
        let (mut lineages, mut nodes) = (Lineages::default(), Nodes::default());
        let lineage = lineages.root("node");
        for number in 0..200_000 {
            nodes.add(format!("node {number}").into(), lineage, None);
        }
        assert_eq!(nodes.by_name("node 199999"), Some(NodeId(199_999)));
    }

    #[test]
    fn machines_are_found_by_name_however_many_there_are_and_workers_are_not() {
        let mut lineages = Lineages::default();
        let mut nodes = Nodes::default();
        for run in 0..3 {
            let mut made = Vec::new();
            for number in 0..3 * FEW {
                let name = if number == 2 * FEW { format!("of {run}") } else { format!("node {number}") };
                let (name, lineage) = (nodes.kept_name(&name), lineages.root("node"));
                nodes.add(Rc::clone(&name), lineage, None);
                made.push((name, NodeId(nodes.count() - 1)));
                nodes.add("worker".into(), lineage, Some(NodeId(0)));
                assert_eq!(nodes.machine_count(), made.len());
                for (name, id) in &made {
                    assert_eq!(nodes.by_name(name), Some(*id));
                }
                for other in ["worker", "", "of 9"] {
                    assert_eq!(nodes.by_name(other), None, "{other:?}");
                }
            }
            nodes.renew();
            assert_eq!((nodes.by_name("node 0"), nodes.count(), nodes.machine_count()), (None, 0, 0));
            assert!(nodes.spare_names.len() <= NAMES_KEPT_MAX);
        }
    }
}
