//! A coroutine object: a body that is warned of when it is dropped before it began.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use seedbed::event;

/// What the call of an `async fn` gives, which runs nothing of it.
pub(super) struct Coroutine<T> {
    body: Pin<Box<dyn Future<Output = T>>>,
    object: Rc<Object>,
}

/// The object itself, which lives as long as somebody refers to it: if its body has not begun by then, there is a warning.
pub(super) struct Object {
    name: &'static str,
    has_begun: Cell<bool>,
}

/// The coroutine object that a call of the function of this name gives.
pub(super) fn coroutine<T>(name: &'static str, body: impl Future<Output = T> + 'static) -> Coroutine<T> {
    Coroutine { body: Box::pin(body), object: Rc::new(Object { name, has_begun: Cell::new(false) }) }
}

impl<T> Coroutine<T> {
    /// Another reference to the object, such as a traceback keeps.
    pub(super) fn object(&self) -> Rc<Object> {
        Rc::clone(&self.object)
    }
}

impl<T> Future for Coroutine<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.object.has_begun.set(true);
        self.body.as_mut().poll(context)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if !self.has_begun.get() {
            event!("warnings RuntimeWarning: coroutine '{}' was never awaited", self.name);
        }
    }
}
