//! Tasks that wait until something has changed.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// The tasks that wait for a change of one thing.
#[derive(Debug, Default)]
pub(super) struct Changes {
    waiting: RefCell<Vec<Waker>>,
}

impl Changes {
    /// Something has changed: those who wait look again when their turn comes.
    pub(super) fn wake(&self) {
        let waiting = self.waiting.take();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Wakes this task at the next change.
    pub(super) fn watch(&self, waker: &Waker) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    /// Looks, and looks again after each change, until there is something to see.
    pub(super) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| match look() {
            Some(seen) => Poll::Ready(seen),
            None => {
                self.watch(context.waker());
                Poll::Pending
            }
        })
        .await
    }
}
