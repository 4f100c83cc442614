//! Awaiting a future without passing a cancellation on to it: `asyncio.shield`.

use std::rc::Rc;

use crate::future::{CallbackId, Future};
use crate::future_core::Status;

/// A future that ends as `inner` does, one hop later. Cancelling it, or a task that awaits it, does not cancel `inner`.
///
/// # Panics
/// Outside a run.
pub fn shield<T: Clone + 'static>(inner: impl Into<Future<T>>) -> Future<T> {
    let inner = inner.into();
    if inner.is_done() {
        return inner;
    }
    let outer: Future<T> = Future::new(Rc::clone(inner.core.loop_core()));
    let copy = {
        let (inner, outer) = (inner.clone(), outer.clone());
        let core = Rc::clone(&inner.core);
        core.add_call(move || copy_outcome(&inner, &outer))
    };
    outer.add_done_callback(move || {
        if !inner.is_done() {
            inner.remove_done_callback(CallbackId(copy));
        }
    });
    outer
}

fn copy_outcome<T: Clone>(inner: &Future<T>, outer: &Future<T>) {
    // Asked for even if nobody waits any more: the exception counts as retrieved.
    let status = inner.core.status();
    if outer.is_done() {
        return;
    }
    if status == Status::Done {
        let value = inner.value.borrow().clone();
        *outer.value.borrow_mut() = value;
    }
    outer.core.settle(status);
}
