//! The await point of a task: what it waits for there, what is to be raised there.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::exc::Exc;

/// What can be asked to end early: a future, or a task.
pub(crate) trait Cancel {
    /// Whether it has ended.
    fn is_done(&self) -> bool;

    /// Asks for its end, with a message: `false` if it has ended, or cannot be cancelled.
    fn cancel(&self, message: Option<&Rc<str>>) -> bool;

    /// Whether somebody besides the task that waits for it can reach it, who could settle it, when there are so many
    /// references to it.
    fn is_held(&self, references: usize) -> bool;
}

/// A task that was started eagerly, which the executor gets to know when it is to go on.
pub(crate) trait Start {
    /// Appends its next step to the ready queue.
    fn start(self: Rc<Self>);
}

/// Where the body of a task goes on in its next step.
pub(crate) struct AwaitPoint {
    /// The number of the task.
    pub(crate) task: u64,
    waiter: RefCell<Option<Rc<dyn Cancel>>>,
    /// What is to be raised in this step.
    raised: RefCell<Option<Exc>>,
    /// The message of that, if it is a cancellation.
    raised_message: RefCell<Option<Rc<str>>>,
    /// The message of the cancellation that was raised last.
    message: RefCell<Option<Rc<str>>>,
    /// The task itself, in a step that is made eagerly: it cannot be woken yet.
    eager: RefCell<Option<Weak<dyn Start>>>,
}

impl AwaitPoint {
    pub(crate) fn new(task: u64) -> Rc<Self> {
        Rc::new(AwaitPoint {
            task,
            waiter: RefCell::new(None),
            raised: RefCell::new(None),
            raised_message: RefCell::new(None),
            message: RefCell::new(None),
            eager: RefCell::new(None),
        })
    }

    pub(crate) fn waiter(&self) -> Option<Rc<dyn Cancel>> {
        self.waiter.borrow().clone()
    }

    pub(crate) fn set_waiter(&self, waiter: Option<Rc<dyn Cancel>>) {
        let before = self.waiter.replace(waiter);
        drop(before);
    }

    pub(crate) fn set_raised(&self, raised: Option<Exc>, message: Option<Rc<str>>) {
        *self.raised.borrow_mut() = raised;
        *self.raised_message.borrow_mut() = message;
    }

    /// What is to be raised; it is being raised now.
    pub(crate) fn take_raised(&self) -> Option<Exc> {
        let raised = self.raised.take();
        if raised.is_some() {
            self.set_message(self.raised_message.take());
        }
        raised
    }

    pub(crate) fn eager(&self) -> Option<Weak<dyn Start>> {
        self.eager.borrow().clone()
    }

    pub(crate) fn set_eager(&self, task: Option<Weak<dyn Start>>) {
        *self.eager.borrow_mut() = task;
    }

    /// The message of the cancellation that was raised last.
    pub(crate) fn message(&self) -> Option<Rc<str>> {
        self.message.borrow().clone()
    }

    pub(crate) fn set_message(&self, message: Option<Rc<str>>) {
        *self.message.borrow_mut() = message;
    }
}
