//! What a task is apart from its value: a body, what it waits for, the requests to cancel it.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::await_point::{AwaitPoint, Cancel, Start};
use crate::exc::Exc;
use crate::future_core::{FutureCore, Status};
use crate::loop_core::LoopCore;
use crate::registry::Registry;
use crate::report::Report;
use crate::signal::Interrupt;
use crate::thread::Entry;
use crate::vars::VarContext;

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
    /// The message of that.
    cancel_message: RefCell<Option<Rc<str>>>,
    /// How many requests to cancel it are not taken back.
    pub(crate) cancels: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    vars: VarContext,
    at: &'static Location<'static>,
}

/// What a task is made of besides its body.
pub(crate) struct NewTask {
    pub(crate) name: Rc<str>,
    /// Where the program made it.
    pub(crate) at: &'static Location<'static>,
    pub(crate) vars: VarContext,
}

impl TaskCore {
    /// A task that stands in the registry, with this number.
    pub(crate) fn new(
        registry: &Rc<Registry<TaskCore>>,
        number: u64,
        future: Rc<FutureCore>,
        new: NewTask,
        body: Body,
    ) -> Rc<Self> {
        let task = Rc::new(TaskCore {
            future,
            name: new.name,
            registry: Rc::clone(registry),
            body: RefCell::new(Some(body)),
            begun: Cell::new(false),
            is_polled: Cell::new(false),
            point: AwaitPoint::new(number),
            must_cancel: Cell::new(false),
            cancel_message: RefCell::new(None),
            cancels: Cell::new(0),
            waker: RefCell::new(None),
            vars: new.vars,
            at: new.at,
        });
        registry.insert(number, &task);
        task
    }

    /// Whether its next step is in the ready queue.
    pub(crate) fn is_scheduled(&self) -> bool {
        !self.is_polled.get() && self.point.waiter().is_none_or(|waiter| waiter.is_done())
    }

    /// Lets the executor know it: its next step is appended to the ready queue.
    pub(crate) fn spawn(self: Rc<Self>) {
        let (name, at, loop_core) = (Rc::clone(&self.name), self.at, Rc::clone(self.loop_core()));
        loop_core.spawn(&name, Steps(self), at);
    }

    /// Makes its first step at once, inside of what creates it. If the body suspends, the executor gets to know the task when
    /// that goes on.
    pub(crate) fn start_eagerly(self: &Rc<Self>) {
        let wake = Arc::new(NoWake);
        let weak: Weak<dyn Start> = Rc::<Self>::downgrade(self);
        self.point.set_eager(Some(weak));
        self.registry.keep(self.point.task, Rc::clone(self));
        let polled = {
            let waker = Waker::from(Arc::clone(&wake));
            let polled = self.step(&mut Context::from_waker(&waker));
            drop(self.waker.take());
            polled
        };
        self.point.set_eager(None);
        if polled.is_ready() {
            drop(self.registry.take_kept(self.point.task));
            return;
        }
        // It has yielded, or a future of another library holds the waker, which wakes nobody: it is polled again.
        if self.point.waiter().is_none() || Arc::strong_count(&wake) > 1 {
            Rc::clone(self).start();
        }
    }

    /// One step: the body goes on from its await point to the next.
    fn step(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut body) = self.body.take() else { return Poll::Ready(()) };
        self.waker.replace(Some(context.waker().clone()));
        self.point.set_waiter(None);
        let raised = self.must_cancel.take().then_some(Exc::Cancelled);
        let message = self.cancel_message.borrow().clone();
        if !self.begun.replace(true) && raised.is_some() {
            drop(body);
            self.end_cancelled(message, true);
            return Poll::Ready(());
        }
        self.point.set_raised(raised, message);
        let polled = self.poll_body(&mut body, context);
        if self.point.take_raised().is_some() {
            // The body waits for a future of another library: it is raised at the next await that can raise.
            self.must_cancel.set(true);
        }
        let Poll::Ready(result) = polled else {
            *self.body.borrow_mut() = Some(body);
            let waiter = self.point.waiter();
            let message = self.cancel_message.borrow().clone();
            if self.must_cancel.get() && waiter.is_some_and(|waiter| waiter.cancel(message.as_ref())) {
                self.must_cancel.set(false);
            }
            return Poll::Pending;
        };
        drop(body);
        self.point.set_waiter(None);
        match result {
            Ok(()) if self.must_cancel.take() => self.end_cancelled(self.cancel_message.take(), false),
            Ok(()) => self.finish(Status::Done),
            Err(Exc::Cancelled) => self.end_cancelled(self.point.message(), true),
            Err(exc) => self.finish(Status::Failed(exc)),
        }
        Poll::Ready(())
    }

    fn end_cancelled(&self, message: Option<Rc<str>>, is_said_once: bool) {
        self.registry.remove(self.point.task);
        self.future.settle_cancelled(message, is_said_once);
    }

    fn poll_body(self: &Rc<Self>, body: &mut Body, context: &mut Context<'_>) -> Poll<Result<(), Exc>> {
        let loop_core = self.loop_core();
        let before = loop_core.switch_to(Some(Rc::clone(&self.point)));
        let vars_before = loop_core.enter_vars(self.vars.clone());
        self.is_polled.set(true);
        let polled = body.as_mut().poll(context);
        self.is_polled.set(false);
        loop_core.enter_vars(vars_before);
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

    /// Whether nobody can reach it any more, if there is one reference to it besides the executor's: it waits for what
    /// nobody else knows.
    pub(crate) fn is_garbage(self: &Rc<Self>) -> bool {
        let is_held = Rc::strong_count(self) > 2 || Rc::strong_count(&self.future) > 1;
        if is_held || self.is_polled.get() || self.must_cancel.get() {
            return false;
        }
        let Some(waiter) = self.point.waiter() else { return false };
        !waiter.is_done() && !waiter.is_held(Rc::strong_count(&waiter))
    }

    /// Destroys it as garbage; the executor forgets it.
    pub(crate) fn collect(&self) {
        self.destroy();
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
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
        let kept = self.registry.take_kept(self.point.task);
        drop(kept);
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
    fn cancel(&self, message: Option<&Rc<str>>) -> bool {
        if self.is_done() {
            return false;
        }
        self.cancels.set(self.cancels.get() + 1);
        let waiter = self.point.waiter();
        if waiter.as_ref().is_some_and(|waiter| waiter.cancel(message)) {
            return true;
        }
        self.must_cancel.set(true);
        *self.cancel_message.borrow_mut() = message.cloned();
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

    fn is_held(&self, _references: usize) -> bool {
        true
    }
}

impl Start for TaskCore {
    fn start(self: Rc<Self>) {
        if let Some(kept) = self.registry.take_kept(self.point.task) {
            kept.spawn();
        }
    }
}

/// The waker of a step that is made eagerly.
struct NoWake;

impl Wake for NoWake {
    fn wake(self: Arc<Self>) {}
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
