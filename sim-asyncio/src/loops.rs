//! The event loops of a run, as the device that fires their timers.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future as StdFuture;
use std::rc::Rc;

use sim_executor::{Device, Instant, Node, NodeId, context};

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::loop_config::LoopConfig;
use crate::task::Task;

/// All loops that were made in this run; the last of a node is the node's current one.
#[derive(Default)]
pub(crate) struct Loops(RefCell<Vec<EventLoop>>);

impl Loops {
    /// Those of the current run.
    pub(crate) fn of_run() -> Rc<Loops> {
        context::device::<Loops>().unwrap_or_else(|| {
            let loops = Rc::new(Loops::default());
            context::install_device(Rc::<Loops>::clone(&loops));
            loops
        })
    }

    pub(crate) fn add(&self, made: EventLoop) {
        self.0.borrow_mut().push(made);
    }

    pub(crate) fn loop_of(&self, node: NodeId) -> Option<EventLoop> {
        self.0.borrow().iter().rfind(|made| made.node() == node).cloned()
    }
}

impl Device for Loops {
    fn next_due(&self) -> Option<Instant> {
        self.0.borrow().iter().filter_map(|made| made.core().next_due()).min()
    }

    fn fire(&self, now: Instant) {
        // Firing runs nothing of the program, so nobody adds a loop meanwhile.
        for made in &*self.0.borrow() {
            made.core().fire(now);
        }
    }

    fn describe(&self, _resource: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        for made in self.0.take() {
            made.forget();
        }
    }
}

impl EventLoop {
    /// The loop of the current node, which is created with the default [`LoopConfig`] if there is none.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn current() -> Self {
        Loops::of_run().loop_of(context::node()).unwrap_or_else(|| EventLoop::new(LoopConfig::default()))
    }

    /// A new loop, which becomes that of the current node: `set_event_loop(new_event_loop())`.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn new(config: LoopConfig) -> Self {
        EventLoop::on(&Node::named(&context::node_name(context::node())), config)
    }

    /// A new loop, which becomes that of this node.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn on(node: &Node, config: LoopConfig) -> Self {
        let loops = Loops::of_run();
        let vars = loops.loop_of(node.id()).map_or_else(Rc::default, |other| other.core().thread_vars());
        let made = EventLoop::unplaced(node, config, vars);
        loops.add(made.clone());
        made
    }
}

/// A cancellation with a message, for the current task to raise: `raise asyncio.CancelledError(message)`.
///
/// # Panics
/// Outside a run.
#[must_use = "it is raised by handing it on"]
pub fn cancelled_error(message: Option<Rc<str>>) -> Exc {
    EventLoop::current().core().set_cancel_message(message);
    Exc::Cancelled
}

/// A task of the loop of the current node: `asyncio.create_task`.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn create_task<T, B>(name: impl Into<Rc<str>>, body: B) -> Task<T>
where
    T: Clone + 'static,
    B: StdFuture<Output = Result<T, Exc>> + 'static,
{
    EventLoop::current().create_task(name, body)
}
