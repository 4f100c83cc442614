//! Waiting until some of several futures have ended: `asyncio.wait`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::{CallbackId, Future};
use crate::gather::unique;
use crate::handle::Handle;
use crate::sleep::CancelledOnDrop;

/// When a [`wait`] is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When one has ended, in whatever way.
    FirstCompleted,
    /// When one has failed (a cancellation is no failure), or all have ended.
    FirstException,
    /// When all have ended.
    AllCompleted,
}

/// What a [`wait`] gives: each future once, in the order of the arguments. asyncio gives sets, whose order differs from run
/// to run.
#[derive(Clone, Debug)]
pub struct Waited<T> {
    /// Those that have ended.
    pub done: Vec<Future<T>>,
    /// The others.
    pub pending: Vec<Future<T>>,
}

/// Waits until `when`, or for no longer than `timeout`. It raises nothing for the futures and cancels none of them, not
/// even when it is cancelled itself. It is over two hops after the end that it waits for.
///
/// # Errors
/// [`Exc::Cancelled`]; `ValueError` for no futures at all.
///
/// # Panics
/// Outside a run.
pub async fn wait<T, F>(
    futures: impl IntoIterator<Item = F>,
    when: ReturnWhen,
    timeout: Option<Duration>,
) -> Result<Waited<T>, Exc>
where
    T: Clone + 'static,
    F: Into<Future<T>>,
{
    let futures: Vec<Future<T>> = futures.into_iter().map(Into::into).collect();
    let futures = unique(&futures);
    if futures.is_empty() {
        return Err(Exc::raised("ValueError", "Set of Tasks/Futures is empty."));
    }
    let event_loop = EventLoop::current();
    let over = event_loop.create_future();
    let timer = timeout.map(|timeout| {
        let over = over.clone();
        event_loop.call_later(timeout, move || over.release())
    });
    let _cancelled = timer.clone().map(CancelledOnDrop);
    let counting = Rc::new(Counting { left: Cell::new(futures.len()), when, over: over.clone(), timer });
    let callbacks = Callbacks { futures: &futures, numbers: RefCell::default() };
    for future in &futures {
        let (counting, ended) = (Rc::clone(&counting), future.clone());
        let id = future.core.add_call(move || counting.one_ended(&ended));
        callbacks.numbers.borrow_mut().push(CallbackId(id));
    }
    over.await?;
    drop(callbacks);
    let (done, pending) = futures.into_iter().partition(Future::is_done);
    Ok(Waited { done, pending })
}

struct Counting {
    left: Cell<usize>,
    when: ReturnWhen,
    over: Future<()>,
    timer: Option<Handle>,
}

impl Counting {
    fn one_ended<T>(&self, future: &Future<T>) {
        self.left.set(self.left.get() - 1);
        let is_over = self.left.get() == 0
            || match self.when {
                ReturnWhen::FirstCompleted => true,
                ReturnWhen::FirstException => future.core.is_failed(),
                ReturnWhen::AllCompleted => false,
            };
        if is_over {
            if let Some(timer) = &self.timer {
                timer.cancel();
            }
            self.over.release();
        }
    }
}

/// The callbacks of a wait, which are removed when it is over.
struct Callbacks<'wait, T> {
    futures: &'wait [Future<T>],
    numbers: RefCell<Vec<CallbackId>>,
}

impl<T> Drop for Callbacks<'_, T> {
    fn drop(&mut self) {
        for (future, number) in self.futures.iter().zip(self.numbers.take()) {
            future.remove_done_callback(number);
        }
    }
}
