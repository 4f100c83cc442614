//! Machines: each owns tasks, has one CPU, and later an address.

use std::future::Future;
use std::panic::Location;
use std::rc::Rc;

use super::clocks::Clocks;
use super::join::JoinHandle;
use super::run::Core;
use super::start::{Program, RestartOnPanic};
use super::with;
use crate::choice::{LineageId, TaskId};
use crate::clock::{EventId, Instant};
use crate::task::{Life, NodeId};

pub(crate) struct NodeState {
    pub(crate) name: Rc<str>,
    pub(crate) lineage: LineageId,
    /// The node itself; for a worker thread the node it belongs to.
    pub(crate) host: NodeId,
    /// How many machines there were before this one.
    pub(crate) host_number: u32,
    /// The node's own time, when it is ahead of the world's: its CPU is held until then.
    pub(crate) ahead: Instant,
    /// The task that holds the CPU, and goes on first.
    pub(crate) held_by: Option<TaskId>,
    /// The end of the hold of the CPU.
    pub(crate) release: Option<EventId>,
    /// Workers of this node that have nothing to do.
    pub(crate) idle_workers: Vec<u32>,
    pub(crate) workers: u32,
    pub(crate) clocks: Clocks,
    pub(crate) life: Life,
    /// Since when.
    pub(crate) lives_since: Instant,
    pub(crate) crashes: u32,
    /// How often it was started after it was down.
    pub(crate) starts: u32,
    pub(crate) program: Option<Program>,
    pub(crate) restart_on_panic: Option<RestartOnPanic>,
    /// Panics that have restarted it.
    pub(crate) panics: u32,
}

impl Core {
    pub(crate) fn add_node(&mut self, name: Rc<str>, host: Option<NodeId>) -> NodeId {
        let index = self.ready.add_node();
        let lineage = match host {
            Some(host) => {
                let host = self.nodes[host.index()].lineage;
                self.lineages.child(host, "blocking")
            }
            None => self.lineages.root(name.to_string()),
        };
        let host_number = match host {
            Some(host) => self.nodes[host.index()].host_number,
            None => {
                self.hosts += 1;
                self.hosts - 1
            }
        };
        if host.is_none() {
            self.hosts_by_name.insert(Rc::clone(&name), NodeId(index));
        }
        let host = host.unwrap_or(NodeId(index));
        self.nodes.push(NodeState {
            name,
            lineage,
            host,
            host_number,
            ahead: Instant::START,
            held_by: None,
            release: None,
            idle_workers: Vec::new(),
            workers: 0,
            clocks: Clocks::default(),
            life: Life::Running,
            lives_since: Instant::START,
            crashes: 0,
            starts: 0,
            program: None,
            restart_on_panic: None,
            panics: 0,
        });
        match self.nodes[host.index()].life {
            Life::Running => {}
            Life::Frozen => self.ready.freeze(index),
            Life::Killed | Life::Off => self.ready.kill(index),
        }
        NodeId(index)
    }

    pub(crate) fn node_by_name(&self, name: &str) -> Option<NodeId> {
        self.hosts_by_name.get(name).copied()
    }
}

/// A machine in the simulation.
///
/// Its tasks share one CPU and one event loop: while one of them holds the CPU, none of the others is polled, and the
/// other nodes go on.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) id: NodeId,
    pub(crate) name: Rc<str>,
}

impl Node {
    /// The node with that name, which is created if there is none.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn named(name: &str) -> Node {
        with(|run| {
            let mut core = run.core.borrow_mut();
            let id = core.node_by_name(name).unwrap_or_else(|| core.add_node(name.into(), None));
            Node { id, name: Rc::clone(&core.nodes[id.index()].name) }
        })
    }

    /// The node's number.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Spawns a task on the node, with a short form of the future's type as its name.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        super::spawn::on_node(self.id, None, future, Location::caller())
    }

    /// Spawns a task with a name on the node.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: &str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.spawn_named_at(name, future, Location::caller())
    }

    /// Spawns a task with a name on the node, for a program that did so at `at`: for libraries that spawn in its stead.
    ///
    /// # Panics
    /// Outside a run.
    pub fn spawn_named_at<F>(
        &self,
        name: &str,
        future: F,
        at: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        super::spawn::on_node(self.id, Some(name.to_string().into()), future, at)
    }
}

/// The node of the current task; between tasks, the node `main`.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn node() -> NodeId {
    with(|run| run.core.borrow().host_of_current())
}

/// The node with that name, if there is one.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn node_by_name(name: &str) -> Option<NodeId> {
    with(|run| run.core.borrow().node_by_name(name))
}

/// The name of a node of this run.
///
/// # Panics
/// Outside a run, or for a node of another run.
#[must_use]
pub fn node_name(node: NodeId) -> Rc<str> {
    with(|run| Rc::clone(&run.core.borrow().nodes[node.index()].name))
}

/// Whether a node lives.
///
/// # Panics
/// Outside a run, or for a node of another run.
#[must_use]
pub fn life_of(node: NodeId) -> Life {
    with(|run| run.core.borrow().nodes[node.index()].life)
}

/// How many machines there are: the nodes without the workers of [`spawn_blocking`](crate::spawn_blocking).
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn host_count() -> usize {
    with(|run| run.core.borrow().hosts as usize)
}

/// How many machines were made before this one; for a worker, before its machine.
///
/// # Panics
/// Outside a run, or for a node of another run.
#[must_use]
pub fn host_number(node: NodeId) -> usize {
    with(|run| run.core.borrow().nodes[node.index()].host_number as usize)
}
