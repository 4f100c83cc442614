//! A change that tasks wait for.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use seedbed::{Label, context};

/// Tasks that look again when something has changed.
#[derive(Debug, Default)]
pub(super) struct Changed {
    waiting: RefCell<Vec<Waker>>,
}

impl Changed {
    /// Wakes all who wait.
    pub(super) fn notify(&self) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Wakes this task at the next change.
    pub(super) fn register(&self, context: &Context<'_>) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
    }

    /// Waits until `check` gives something; it is asked now, and after each change. `label` is what the task waits for in
    /// the report of a deadlock.
    pub(super) async fn until<T>(&self, label: Label, mut check: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| {
            if let Some(found) = check() {
                return Poll::Ready(found);
            }
            self.register(context);
            context::wait_at(label, 0);
            Poll::Pending
        })
        .await
    }
}
