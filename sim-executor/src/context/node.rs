//! Machines: each owns tasks, has one CPU, and later an address.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::Location;
use std::rc::Rc;

use super::join::JoinHandle;
use super::{RunTag, with};
use crate::run::Run;
use crate::task::{Life, NodeId};

/// A machine in the simulation.
///
/// Its tasks share one CPU and one event loop: while one of them holds the CPU, none of the others is polled, and the
/// other nodes go on.
///
/// All nodes are in one process of the real machine. So a `static` or a `thread_local!` of the program is one for all of them,
/// and outlives a node that is killed or started again. What belongs to one process of the simulated world is kept in the
/// values of its tasks:
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder, time};
/// use std::{cell::Cell, time::Duration};
///
/// thread_local! { static STARTS: Cell<u32> = const { Cell::new(0) }; }
///
/// let starts = Executor::new(ProductionOrder).block_on(async {
///     for name in ["one", "other"] {
///         Node::named(name).run(|| async { STARTS.set(STARTS.get() + 1) });
///     }
///     time::sleep(Duration::from_secs(1)).await;
///     Node::named("one").restart();
///     time::sleep(Duration::from_secs(1)).await;
///     STARTS.get()
/// });
/// assert_eq!(starts.unwrap(), 3); // And not 1, as it would be on two machines.
/// ```
///
/// It belongs to the run in which it was made: in another, all that it can do is to tell its number and its name.
#[derive(Clone)]
pub struct Node {
    pub(crate) id: NodeId,
    run: RunTag,
    pub(crate) name: Rc<str>,
}

impl Node {
    /// The node with that name, which is created if there is none.
    ///
    /// # Panics
    /// Outside a run; if there is none, and the name is an address or `localhost`, which nobody looks up, so that no node could be
    /// reached by it.
    #[must_use]
    pub fn named(name: &str) -> Node {
        with(|run| {
            let known = run.core().nodes.by_name(name);
            let id = known.unwrap_or_else(|| {
                assert!(
                    address_of(name).is_none(),
                    "a node cannot be called {name:?}, which is an address and would never be looked up as a name"
                );
                run.core_mut().add_node(name.to_string().into(), None)
            });
            Node { id, run: run.tag(), name: run.core().nodes.name(id) }
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

    /// Calls with the node's run.
    ///
    /// # Panics
    /// Outside of it.
    pub(super) fn with<R>(&self, what: impl FnOnce(&Rc<Run>) -> R) -> R {
        self.run.check("Node");
        with(what)
    }

    /// Spawns a task on the node, with a short form of the future's type as its name.
    ///
    /// # Panics
    /// Outside its run.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.run.check("Node");
        super::spawn::on_node(self.id, None, future, Location::caller())
    }

    /// Spawns a task with a name on the node.
    ///
    /// # Panics
    /// Outside its run.
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
    /// Outside its run.
    pub fn spawn_named_at<F>(
        &self,
        name: &str,
        future: F,
        at: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.run.check("Node");
        super::spawn::on_node(self.id, Some(name.to_string().into()), future, at)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Node").field("id", &self.id).field("name", &self.name).finish()
    }
}

/// The node of the current task; between tasks, the node `main`.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn node() -> NodeId {
    with(|run| run.core().host_of_current())
}

/// The address that is meant by a text which nobody looks up as a name: an address, or `localhost`.
///
/// ```
/// use sim_executor::context::address_of;
///
/// assert_eq!(address_of("10.0.0.2"), Some([10, 0, 0, 2].into()));
/// assert_eq!(address_of("LocalHost"), Some([127, 0, 0, 1].into()));
/// assert_eq!(address_of("server"), None);
/// ```
#[must_use]
pub fn address_of(text: &str) -> Option<IpAddr> {
    // Most names do not begin as an address can.
    if text.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':')
        && let Ok(ip) = text.parse()
    {
        return Some(ip);
    }
    text.eq_ignore_ascii_case("localhost").then_some(Ipv4Addr::LOCALHOST.into())
}

/// The node with that name, if there is one.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn node_by_name(name: &str) -> Option<NodeId> {
    with(|run| run.core().nodes.by_name(name))
}

/// The name of a node of this run.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn node_name(node: NodeId) -> Rc<str> {
    with(|run| run.core().nodes.name(node))
}

/// Whether a node lives.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn life_of(node: NodeId) -> Life {
    with(|run| run.core().nodes.life(node))
}

/// How many machines there are: the nodes without the workers of [`spawn_blocking`](crate::spawn_blocking).
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn host_count() -> usize {
    with(|run| run.core().nodes.machine_count())
}

/// How many machines were made before this one; for a worker, before its machine.
///
/// # Panics
/// Outside a run, or if the run has no node of that number.
#[must_use]
pub fn host_number(node: NodeId) -> usize {
    with(|run| run.core().nodes.machine_number(node))
}
