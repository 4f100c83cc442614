//! What a task is apart from its value: a body, what it waits for, the requests to cancel it.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::await_point::{AwaitPoint, Cancel};
use crate::exc::Exc;
use crate::future_core::{FutureCore, Status};
use crate::loop_core::LoopCore;
use crate::registry::Registry;
use crate::report::Report;
use crate::signal::Interrupt;
use crate::thread::Entry;

pub(crate) type Body = Pin<Box<dyn StdFuture<Output = Result<(), Exc>>>>;

pub(crate) struct TaskCore {
    pub(crate) future: Rc<FutureCore>,
    pub(crate) name: Rc<str>,
    /// Where it stands until it has ended.
    registry: Rc<Registry<TaskCore>>,
    /// Taken out while it is polled.
    body: RefCell<Option<Body>>,
    begun: Cell<bool>,
    is_polled: Cell<bool>,
    point: Rc<AwaitPoint>,
    must_cancel: Cell<bool>,
    /// How many requests to cancel it are not taken back.
    pub(crate) cancels: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

impl TaskCore {
    /// A task that stands in the registry, with this number.
    pub(crate) fn new(
        registry: &Rc<Registry<TaskCore>>,
        number: u64,
        future: Rc<FutureCore>,
        name: Rc<str>,
        body: Body,
    ) -> Rc<Self> {
        let task = Rc::new(TaskCore {
            future,
            name,
            registry: Rc::clone(registry),
            body: RefCell::new(Some(body)),
            begun: Cell::new(false),
            is_polled: Cell::new(false),
            point: AwaitPoint::new(number),
            must_cancel: Cell::new(false),
            cancels: Cell::new(0),
            waker: RefCell::new(None),
        });
        registry.insert(number, &task);
        task
    }

    /// Whether its next step is in the ready queue.
    pub(crate) fn is_scheduled(&self) -> bool {
        !self.is_polled.get() && self.point.waiter().is_none_or(|waiter| waiter.is_done())
    }

    /// One step: the body goes on from its await point to the next.
    fn step(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut body) = self.body.take() else { return Poll::Ready(()) };
        self.waker.replace(Some(context.waker().clone()));
        self.point.set_waiter(None);
        let raised = self.must_cancel.take().then_some(Exc::Cancelled);
        if !self.begun.replace(true) && raised.is_some() {
            drop(body);
            self.finish(Status::Cancelled);
            return Poll::Ready(());
        }
        self.point.set_raised(raised);
        let polled = self.poll_body(&mut body, context);
        if self.point.take_raised().is_some() {
            // The body waits for a future of another library: it is raised at the next await that can raise.
            self.must_cancel.set(true);
        }
        let Poll::Ready(result) = polled else {
            *self.body.borrow_mut() = Some(body);
            let waiter = self.point.waiter();
            if self.must_cancel.get() && waiter.is_some_and(|waiter| waiter.cancel()) {
                self.must_cancel.set(false);
            }
            return Poll::Pending;
        };
        drop(body);
        self.point.set_waiter(None);
        self.finish(match result {
            Ok(()) if self.must_cancel.take() => Status::Cancelled,
            Ok(()) => Status::Done,
            Err(Exc::Cancelled) => Status::Cancelled,
            Err(exc) => Status::Failed(exc),
        });
        Poll::Ready(())
    }

    fn poll_body(self: &Rc<Self>, body: &mut Body, context: &mut Context<'_>) -> Poll<Result<(), Exc>> {
        let loop_core = self.loop_core();
        let before = loop_core.switch_to(Some(Rc::clone(&self.point)));
        self.is_polled.set(true);
        let polled = body.as_mut().poll(context);
        self.is_polled.set(false);
        drop(loop_core.switch_to(before));
        polled
    }

    fn finish(&self, status: Status) {
        self.registry.remove(self.point.task);
        let raised = match &status {
            Status::Failed(exc) if exc.ends_the_run() => Some(exc.clone()),
            _ => None,
        };
        self.future.settle(status);
        if let Some(exc) = raised {
            self.loop_core().interrupt(Interrupt::Raised(exc));
        }
    }

    fn loop_core(&self) -> &Rc<LoopCore> {
        self.future.loop_core()
    }

    /// Takes one request to cancel it back; gives how many are left.
    pub(crate) fn uncancel(&self) -> u64 {
        let left = self.cancels.get().saturating_sub(1);
        self.cancels.set(left);
        left
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
        self.point.set_waiter(None);
        self.registry.remove(self.point.task);
        if !self.future.is_done() {
            self.future.abandon();
            self.loop_core().report(&Report::TaskDestroyedPending { task: Rc::clone(&self.name) });
        }
    }
}

impl Cancel for TaskCore {
    fn is_done(&self) -> bool {
        self.future.is_done()
    }

    /// Passes it on to what the task waits for.
    fn cancel(&self) -> bool {
        if self.is_done() {
            return false;
        }
        self.cancels.set(self.cancels.get() + 1);
        let waiter = self.point.waiter();
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
}

/// The executor's task that makes an asyncio task's steps: each of its polls is one.
pub(crate) struct Steps(pub(crate) Rc<TaskCore>);

impl StdFuture for Steps {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let loop_core = self.0.loop_core();
        if !loop_core.may_run() {
            loop_core.thread().park(Entry::Step(context.waker().clone()));
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
