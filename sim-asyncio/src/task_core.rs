//! What a task is apart from its value: a body, what it waits for, the requests to cancel it.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future_core::{FutureCore, Status};
use crate::report::Report;
use crate::thread::Entry;

pub(crate) type Body = Pin<Box<dyn StdFuture<Output = Result<(), Exc>>>>;

pub(crate) struct TaskCore {
    pub(crate) future: Rc<FutureCore>,
    pub(crate) name: Rc<str>,
    pub(crate) number: u64,
    /// Taken out while it is polled.
    body: RefCell<Option<Body>>,
    begun: Cell<bool>,
    is_polled: Cell<bool>,
    waiter: RefCell<Option<Rc<FutureCore>>>,
    must_cancel: Cell<bool>,
    /// What is to be raised at the await point in this step.
    raised: RefCell<Option<Exc>>,
    /// How many requests to cancel it are not taken back.
    pub(crate) cancels: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

impl TaskCore {
    pub(crate) fn new(future: Rc<FutureCore>, name: Rc<str>, number: u64, body: Body) -> Rc<Self> {
        Rc::new(TaskCore {
            future,
            name,
            number,
            body: RefCell::new(Some(body)),
            begun: Cell::new(false),
            is_polled: Cell::new(false),
            waiter: RefCell::new(None),
            must_cancel: Cell::new(false),
            raised: RefCell::new(None),
            cancels: Cell::new(0),
            waker: RefCell::new(None),
        })
    }

    pub(crate) fn set_waiter(&self, waiter: Option<Rc<FutureCore>>) {
        let before = self.waiter.replace(waiter);
        drop(before);
    }

    pub(crate) fn take_raised(&self) -> Option<Exc> {
        self.raised.take()
    }

    /// Asks for its cancellation, and passes that on to what it waits for: `false` if it has ended.
    pub(crate) fn cancel(&self) -> bool {
        if self.future.is_done() {
            return false;
        }
        self.cancels.set(self.cancels.get() + 1);
        let waiter = self.waiter.borrow().clone();
        if waiter.as_ref().is_some_and(|waiter| waiter.cancel()) {
            return true;
        }
        self.must_cancel.set(true);
        // A task that waits for a future of another library has nothing that could wake it. Any other one is in the ready
        // queue already, and stays where it is.
        if waiter.is_none()
            && !self.is_polled.get()
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
        true
    }

    /// Whether its next step is in the ready queue.
    pub(crate) fn is_scheduled(&self) -> bool {
        !self.is_polled.get() && self.waiter.borrow().as_ref().is_none_or(|waiter| waiter.is_done())
    }

    /// One step: the body goes on from its await point to the next.
    fn step(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut body) = self.body.take() else { return Poll::Ready(()) };
        self.waker.replace(Some(context.waker().clone()));
        self.set_waiter(None);
        let raised = self.must_cancel.take().then_some(Exc::Cancelled);
        if !self.begun.replace(true) && raised.is_some() {
            drop(body);
            self.finish(Status::Cancelled);
            return Poll::Ready(());
        }
        *self.raised.borrow_mut() = raised;
        let polled = self.poll_body(&mut body, context);
        if self.raised.take().is_some() {
            // The body waits for a future of another library: it is raised at the next await that can raise.
            self.must_cancel.set(true);
        }
        let Poll::Ready(result) = polled else {
            *self.body.borrow_mut() = Some(body);
            let waiter = self.waiter.borrow().clone();
            if self.must_cancel.get() && waiter.is_some_and(|waiter| waiter.cancel()) {
                self.must_cancel.set(false);
            }
            return Poll::Pending;
        };
        drop(body);
        self.set_waiter(None);
        self.finish(match result {
            Ok(()) if self.must_cancel.take() => Status::Cancelled,
            Ok(()) => Status::Done,
            Err(Exc::Cancelled) => Status::Cancelled,
            Err(exc) => Status::Failed(exc),
        });
        Poll::Ready(())
    }

    fn poll_body(self: &Rc<Self>, body: &mut Body, context: &mut Context<'_>) -> Poll<Result<(), Exc>> {
        let event_loop = self.event_loop();
        let before = event_loop.switch_to(Some(Rc::clone(self)));
        self.is_polled.set(true);
        let polled = body.as_mut().poll(context);
        self.is_polled.set(false);
        drop(event_loop.switch_to(before));
        polled
    }

    fn finish(&self, status: Status) {
        self.event_loop().unregister(self.number);
        self.future.settle(status);
    }

    fn event_loop(&self) -> &EventLoop {
        self.future.event_loop()
    }

    /// Drops the body where it is suspended, then complains: as the garbage collector does.
    pub(crate) fn destroy(&self) {
        let Some(body) = self.body.take() else { return };
        drop(body);
        self.give_up();
    }

    /// Complains, then drops the body: as when the last reference goes.
    pub(crate) fn free(&self) {
        let Some(body) = self.body.take() else { return };
        self.give_up();
        drop(body);
    }

    fn give_up(&self) {
        self.set_waiter(None);
        self.event_loop().unregister(self.number);
        if !self.future.is_done() {
            self.future.abandon();
            self.event_loop().report(&Report::TaskDestroyedPending { task: Rc::clone(&self.name) });
        }
    }
}

/// The executor's task that makes an asyncio task's steps: each of its polls is one.
pub(crate) struct Steps(pub(crate) Rc<TaskCore>);

impl StdFuture for Steps {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let event_loop = self.0.event_loop();
        if !event_loop.may_run() {
            event_loop.thread().park(Entry::Step(context.waker().clone()));
            return Poll::Pending;
        }
        self.0.step(context)
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.destroy();
    }
}
