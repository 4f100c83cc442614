//! A value that is not there yet.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future as StdFuture, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use sim_executor::{Label, context};

use crate::await_point::Cancel;
use crate::exc::Exc;
use crate::future_core::{Callback, FutureCore, Status};
use crate::loop_core::LoopCore;

const AWAIT: Label = Label::new("asyncio.await");

/// `asyncio.Future`: settled once, awaited by any number of tasks, with callbacks that never run inside what settles it.
/// Cloning gives another reference to the same future.
pub struct Future<T> {
    pub(crate) core: Rc<FutureCore>,
    pub(crate) value: Rc<RefCell<Option<T>>>,
}

/// A callback of a future, to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackId(pub(crate) u64);

/// What it says who asks a future before it is settled, or settles it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid state: the future is {}", if *settled { "settled already" } else { "pending" })]
pub struct InvalidState {
    /// Whether it was settled.
    pub settled: bool,
}

impl From<InvalidState> for Exc {
    fn from(error: InvalidState) -> Self {
        Exc::raised("InvalidStateError", if error.settled { "invalid state" } else { "Result is not set." })
    }
}

impl<T: Clone + 'static> Future<T> {
    pub(crate) fn new(loop_core: Rc<LoopCore>) -> Self {
        Future::of(FutureCore::new(loop_core, None))
    }

    pub(crate) fn of(core: Rc<FutureCore>) -> Self {
        Future { core, value: Rc::default() }
    }

    /// Gives it a result.
    ///
    /// # Errors
    /// When it is settled already.
    pub fn set_result(&self, value: T) -> Result<(), InvalidState> {
        if self.is_done() {
            return Err(InvalidState { settled: true });
        }
        *self.value.borrow_mut() = Some(value);
        self.core.settle(Status::Done);
        Ok(())
    }

    /// Gives it an exception instead of a result.
    ///
    /// # Errors
    /// When it is settled already.
    pub fn set_exception(&self, exc: Exc) -> Result<(), InvalidState> {
        if self.core.settle(Status::Failed(exc)) { Ok(()) } else { Err(InvalidState { settled: true }) }
    }

    /// What it was settled with; a cancelled one gives [`Exc::Cancelled`]. `None` while it is pending.
    #[must_use]
    pub fn result(&self) -> Option<Result<T, Exc>> {
        Some(match self.core.status() {
            Status::Pending => return None,
            Status::Done => Ok(self.value.borrow().clone().expect("a future that is done has a value")),
            Status::Failed(exc) => Err(exc),
            Status::Cancelled => Err(Exc::Cancelled),
        })
    }

    /// As [`Future::result`], for the current task, in which that is raised now.
    pub(crate) fn raised_result(&self) -> Option<Result<T, Exc>> {
        let result = self.result();
        if matches!(result, Some(Err(Exc::Cancelled))) {
            self.core.loop_core().set_cancel_message(self.core.take_cancel_message());
        }
        result
    }

    /// As [`Future::result`], in asyncio's manner: it never waits, and raises while the future is pending.
    ///
    /// # Errors
    /// What it failed with; [`Exc::Cancelled`]; `InvalidStateError` while it is pending.
    pub fn try_result(&self) -> Result<T, Exc> {
        self.result().unwrap_or_else(|| Err(InvalidState { settled: false }.into()))
    }
}

impl Future<()> {
    /// Settles it, unless it is settled already: by a cancellation, or by somebody who was quicker.
    pub(crate) fn release(&self) {
        let _ = self.set_result(());
    }
}

impl<T> Future<T> {
    /// Awaits it as a part of some operation, by whose name the task is reported while it waits.
    pub(crate) fn await_at(self, label: Label) -> Await<T> {
        Await { future: self, registered: None, is_own: false, label }
    }

    /// Cancels it: `false` if it was settled already. Awaiting a plain future that was cancelled raises
    /// [`Exc::Cancelled`]; for a task see [`Task`](crate::Task), for the future of a gather see [`gather`](crate::gather).
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn cancel(&self) -> bool {
        self.core.cancel(None)
    }

    /// The same with a message for who is cancelled: `cancel(msg)`. [`Exc::Cancelled`] carries none; the task in which it is
    /// raised asks for it with [`EventLoop::cancel_message`](crate::EventLoop::cancel_message).
    pub fn cancel_with(&self, message: impl Into<Rc<str>>) -> bool {
        self.core.cancel(Some(&message.into()))
    }

    /// The message with which it was cancelled. As in asyncio a task that has ended by the exception that was raised in it
    /// gives the message once, to the first who awaits it or asks.
    #[must_use]
    pub fn cancel_message(&self) -> Option<Rc<str>> {
        self.core.take_cancel_message()
    }

    /// Whether it is settled.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.core.is_done()
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.core.is_cancelled()
    }

    /// The exception that it failed with, which then counts as retrieved.
    #[must_use]
    pub fn exception(&self) -> Option<Exc> {
        match self.core.status() {
            Status::Failed(exc) => Some(exc),
            _ => None,
        }
    }

    /// Calls back when it is settled: through `call_soon`, also if it is settled already.
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) -> CallbackId {
        CallbackId(self.core.add_call(callback))
    }

    /// Removes a callback that is not scheduled yet.
    pub fn remove_done_callback(&self, callback: CallbackId) {
        self.core.remove_callback(callback.0);
    }

    /// Whether both are the same future.
    #[must_use]
    pub fn is(&self, other: &Future<T>) -> bool {
        Rc::ptr_eq(&self.core, &other.core)
    }
}

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Future { core: Rc::clone(&self.core), value: Rc::clone(&self.value) }
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if !self.is_done() {
            "Future pending"
        } else if self.is_cancelled() {
            "Future cancelled"
        } else {
            "Future finished"
        })
    }
}

impl<T: Clone + 'static> IntoFuture for Future<T> {
    type Output = Result<T, Exc>;
    type IntoFuture = Await<T>;

    fn into_future(self) -> Await<T> {
        self.await_at(AWAIT)
    }
}

impl<T: Clone + 'static> IntoFuture for &Future<T> {
    type Output = Result<T, Exc>;
    type IntoFuture = Await<T>;

    fn into_future(self) -> Await<T> {
        self.clone().into_future()
    }
}

/// The await of a [`Future`]: ready at once if that is settled, and otherwise one hop after it is. A task that awaits
/// itself gets a `RuntimeError` in its next step.
#[must_use = "nothing is awaited until it is polled"]
pub struct Await<T> {
    future: Future<T>,
    /// The callback that wakes the task, and whom it wakes.
    registered: Option<(u64, Waker)>,
    /// Whether a task awaits itself.
    is_own: bool,
    label: Label,
}

impl<T> Unpin for Await<T> {}

impl<T> Await<T> {
    fn register(&mut self, waker: &Waker) {
        let core = &self.future.core;
        // A waker is cloned for a task that can be woken only.
        let (callback, known) = match core.loop_core().eager_task() {
            Some(task) => (Callback::Start(task), Waker::noop().clone()),
            None => (Callback::Wake(waker.clone()), waker.clone()),
        };
        self.registered = Some((core.add_callback(callback), known));
        core.note_waiter();
    }

    fn unregister(&mut self) {
        if let Some((number, _)) = self.registered.take() {
            self.future.core.remove_callback(number);
        }
    }
}

impl<T: Clone + 'static> StdFuture for Await<T> {
    type Output = Result<T, Exc>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.registered.is_some()
            && let Some(exc) = self.future.core.loop_core().take_raised()
        {
            self.unregister();
            if self.future.is_cancelled() {
                // Two cancellations at once: that of the future is raised, with its message.
                let _ = self.future.raised_result();
            }
            return Poll::Ready(Err(exc));
        }
        if self.is_own {
            let raised = self.future.core.loop_core().take_raised();
            return Poll::Ready(Err(
                raised.unwrap_or_else(|| Exc::raised("RuntimeError", "Task cannot await on itself"))
            ));
        }
        if let Some(result) = self.future.raised_result() {
            self.registered = None;
            return Poll::Ready(result);
        }
        if self.registered.is_none() && self.future.core.is_current_task() {
            self.is_own = true;
            context.waker().wake_by_ref();
            context::wait_at(AWAIT, 0);
            return Poll::Pending;
        }
        match &self.registered {
            Some((_, waker)) if waker.will_wake(context.waker()) => {
                let core = &self.future.core;
                core.note_waiter();
            }
            _ => {
                self.unregister();
                self.register(context.waker());
            }
        }
        context::wait_at(self.label, 0);
        Poll::Pending
    }
}

impl<T> Drop for Await<T> {
    fn drop(&mut self) {
        self.unregister();
    }
}
