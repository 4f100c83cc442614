//! The line in which tasks wait at a primitive.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::event_loop::EventLoop;
use crate::future::Future;

/// Futures of tasks that wait, the one that came first in front.
#[derive(Default)]
pub(crate) struct Waiters(RefCell<VecDeque<Future<()>>>);

impl Waiters {
    /// Joins the line at its end. Who waits leaves it when the place is dropped.
    pub(crate) fn join(&self) -> Place<'_> {
        let future = EventLoop::current().create_future();
        self.0.borrow_mut().push_back(future.clone());
        Place { line: self, future }
    }

    /// Takes waiters out of the front until one is pending, which is woken.
    pub(crate) fn wake_next(&self) {
        loop {
            let Some(first) = self.0.borrow_mut().pop_front() else { return };
            if first.set_result(()).is_ok() {
                return;
            }
        }
    }

    /// Wakes the first, if it is pending; it stays in the line until its step.
    pub(crate) fn wake_first(&self) {
        let first = self.0.borrow().front().cloned();
        if let Some(first) = first {
            first.release();
        }
    }

    /// Wakes the first that is pending: `false` if there is none. It stays in the line until its step.
    pub(crate) fn wake_first_pending(&self) -> bool {
        let first = self.0.borrow().iter().find(|waiter| !waiter.is_done()).cloned();
        first.is_some_and(|first| first.set_result(()).is_ok())
    }

    /// Wakes all that are pending, in the order of the line; they stay in it until their steps.
    pub(crate) fn wake_all(&self) {
        let all: Vec<Future<()>> = self.0.borrow().iter().cloned().collect();
        for waiter in all {
            waiter.release();
        }
    }

    /// Whether somebody waits whose future is not cancelled, be it woken or not.
    pub(crate) fn has_live(&self) -> bool {
        self.0.borrow().iter().any(|waiter| !waiter.is_cancelled())
    }
}

/// A place in the line.
pub(crate) struct Place<'line> {
    line: &'line Waiters,
    pub(crate) future: Future<()>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.line.0.borrow_mut();
        let position = line.iter().position(|waiter| waiter.is(&self.future));
        let left = position.and_then(|position| line.remove(position));
        drop(line);
        drop(left);
    }
}
