//! The event loops of a run, as the device that fires their timers.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use sim_executor::{Device, Instant, NodeId, context};

use crate::event_loop::EventLoop;

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
        self.0.borrow().iter().filter_map(EventLoop::next_due).min()
    }

    fn fire(&self, now: Instant) {
        // Firing runs nothing of the program, so nobody adds a loop meanwhile.
        for made in &*self.0.borrow() {
            made.fire(now);
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
