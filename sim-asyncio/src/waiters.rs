//! The line in which tasks wait at a primitive.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Weak;

use sim_executor::Label;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;

/// Futures of tasks that wait, the one that came first in front.
pub(crate) struct Waiters {
    line: RefCell<VecDeque<Future<()>>>,
    /// What a report says that they wait at.
    label: Label,
}

impl Waiters {
    pub(crate) fn new(label: Label) -> Self {
        Waiters { line: RefCell::default(), label }
    }

    /// Joins the line at its end. Who waits leaves it when the place is dropped. The owner is the primitive, unless that is a
    /// part of another one.
    pub(crate) fn join(&self, owner: Option<Weak<dyn Any>>) -> Place<'_> {
        let future = EventLoop::current().create_future();
        future.core.set_owner(owner);
        self.line.borrow_mut().push_back(future.clone());
        Place { line: self, future }
    }

    /// Takes waiters out of the front until one is pending, which is woken.
    pub(crate) fn wake_next(&self) {
        loop {
            let Some(first) = self.line.borrow_mut().pop_front() else { return };
            if first.set_result(()).is_ok() {
                return;
            }
        }
    }

    /// Wakes the first, if it is pending; it stays in the line until its step.
    pub(crate) fn wake_first(&self) {
        let first = self.line.borrow().front().cloned();
        if let Some(first) = first {
            first.release();
        }
    }

    /// Wakes the first that is pending: `false` if there is none. It stays in the line until its step.
    pub(crate) fn wake_first_pending(&self) -> bool {
        let first = self.line.borrow().iter().find(|waiter| !waiter.is_done()).cloned();
        first.is_some_and(|first| first.set_result(()).is_ok())
    }

    /// Wakes so many that are pending, or as many as there are; they stay in the line until their steps.
    pub(crate) fn wake_pending(&self, count: usize) {
        let line = self.line.borrow();
        let first: Vec<_> = line.iter().filter(|waiter| !waiter.is_done()).take(count).cloned().collect();
        drop(line);
        for waiter in first {
            waiter.release();
        }
    }

    /// Takes all out of the line, and wakes those that are pending.
    pub(crate) fn wake_all_out(&self) {
        let line = self.line.take();
        for waiter in line {
            waiter.release();
        }
    }

    /// Wakes all that are pending, in the order of the line; they stay in it until their steps.
    pub(crate) fn wake_all(&self) {
        let all: Vec<Future<()>> = self.line.borrow().iter().cloned().collect();
        for waiter in all {
            waiter.release();
        }
    }

    /// Whether somebody waits whose future is not cancelled, be it woken or not.
    pub(crate) fn has_live(&self) -> bool {
        self.line.borrow().iter().any(|waiter| !waiter.is_cancelled())
    }
}

/// A place in the line.
pub(crate) struct Place<'line> {
    line: &'line Waiters,
    pub(crate) future: Future<()>,
}

impl Place<'_> {
    /// Waits to be woken.
    pub(crate) async fn woken(&self) -> Result<(), Exc> {
        self.future.clone().await_at(self.line.label).await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.line.line.borrow_mut();
        let position = line.iter().position(|waiter| waiter.is(&self.future));
        let left = position.and_then(|position| line.remove(position));
        drop(line);
        drop(left);
    }
}
