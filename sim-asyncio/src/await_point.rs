//! The await point of a task: what it waits for there, what is to be raised there.

use std::cell::RefCell;
use std::rc::Rc;

use crate::exc::Exc;

/// What can be asked to end early: a future, or a task.
pub(crate) trait Cancel {
    /// Whether it has ended.
    fn is_done(&self) -> bool;

    /// Asks for its end: `false` if it has ended, or cannot be cancelled.
    fn cancel(&self) -> bool;
}

/// Where the body of a task goes on in its next step.
pub(crate) struct AwaitPoint {
    /// The number of the task.
    pub(crate) task: u64,
    waiter: RefCell<Option<Rc<dyn Cancel>>>,
    /// What is to be raised in this step.
    raised: RefCell<Option<Exc>>,
}

impl AwaitPoint {
    pub(crate) fn new(task: u64) -> Rc<Self> {
        Rc::new(AwaitPoint { task, waiter: RefCell::new(None), raised: RefCell::new(None) })
    }

    pub(crate) fn waiter(&self) -> Option<Rc<dyn Cancel>> {
        self.waiter.borrow().clone()
    }

    pub(crate) fn set_waiter(&self, waiter: Option<Rc<dyn Cancel>>) {
        let before = self.waiter.replace(waiter);
        drop(before);
    }

    pub(crate) fn set_raised(&self, raised: Option<Exc>) {
        *self.raised.borrow_mut() = raised;
    }

    pub(crate) fn take_raised(&self) -> Option<Exc> {
        self.raised.take()
    }
}
