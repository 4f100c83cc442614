//! What a loop is apart from its tasks: one node's callbacks, timers, turns.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::{Rc, Weak};

use sim_executor::{Instant, Node, NodeId, context};

use crate::await_point::{AwaitPoint, Cancel, Start};
use crate::exc::Exc;
use crate::handle::Handle;
use crate::iteration_cost::IterationCost;
use crate::loop_config::LoopConfig;
use crate::report::{Handler, Report};
use crate::signal::{Interrupt, Signals};
use crate::thread::{Entry, Thread};
use crate::timer_heap::TimerHeap;
use crate::vars::{Call, VarContext};

pub(crate) struct LoopCore {
    node: Node,
    config: LoopConfig,
    timers: RefCell<TimerHeap>,
    /// That of the task whose step is running.
    current: RefCell<Option<Rc<AwaitPoint>>>,
    handler: RefCell<Option<Handler>>,
    /// Whether due timers are left alone: the thread of the loop is busy elsewhere.
    paused: Cell<bool>,
    exhausted: Cell<bool>,
    closed: Cell<bool>,
    cost: IterationCost,
    signals: Signals,
    thread: Thread,
    /// What context variables hold in what runs now; the loops of one thread share it.
    vars: Rc<RefCell<VarContext>>,
    /// Whether tasks are started eagerly.
    is_eager: Cell<bool>,
}

impl LoopCore {
    pub(crate) fn new(node: &Node, config: LoopConfig, vars: Rc<RefCell<VarContext>>) -> Rc<Self> {
        Rc::new(LoopCore {
            node: node.clone(),
            config,
            timers: RefCell::new(TimerHeap::new(config.ties)),
            current: RefCell::new(None),
            handler: RefCell::new(None),
            paused: Cell::new(false),
            exhausted: Cell::new(false),
            closed: Cell::new(false),
            cost: IterationCost::new(config.iteration_cost),
            signals: Signals::default(),
            thread: Thread::new(!config.waits_for_run),
            vars,
            is_eager: Cell::new(false),
        })
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    fn node_id(&self) -> NodeId {
        self.node.id()
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    pub(crate) fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Appends a callback to the ready queue.
    pub(crate) fn call_soon(self: &Rc<Self>, callback: Box<dyn FnOnce()>) -> Handle {
        self.call_soon_with(self.call(callback))
    }

    /// Appends a callback that was registered before to the ready queue.
    pub(crate) fn call_soon_with(self: &Rc<Self>, call: Call) -> Handle {
        let handle = Handle::soon();
        self.enqueue_unless_asleep(Entry::Call(handle.clone(), call));
        handle
    }

    /// A callback that will see what context variables hold now. Another thread has variables of its own, which hold nothing.
    pub(crate) fn call(&self, callback: Box<dyn FnOnce()>) -> Call {
        let is_own = context::node() == self.node_id();
        let vars = if is_own { self.vars.borrow().snapshot() } else { Rc::default() };
        Call { callback, vars }
    }

    /// What context variables hold in the task or callback that runs.
    pub(crate) fn current_vars(&self) -> VarContext {
        self.vars.borrow().clone()
    }

    /// Makes these the current ones; gives those before.
    pub(crate) fn enter_vars(&self, vars: VarContext) -> VarContext {
        self.vars.replace(vars)
    }

    /// Those of the thread, for another loop in it.
    pub(crate) fn thread_vars(&self) -> Rc<RefCell<VarContext>> {
        Rc::clone(&self.vars)
    }

    /// The same from another thread: it also wakes a loop that has nothing to do.
    pub(crate) fn call_soon_threadsafe(self: &Rc<Self>, callback: Box<dyn FnOnce()>) -> Handle {
        let handle = Handle::soon();
        self.see();
        self.enqueue(Entry::Call(handle.clone(), self.call(callback)));
        handle
    }

    pub(crate) fn call_at(&self, when: Instant, callback: Box<dyn FnOnce()>) -> Handle {
        let call = self.call(callback);
        self.timers.borrow_mut().push(when, call)
    }

    /// Ends the run at the end of this iteration.
    pub(crate) fn stop(self: &Rc<Self>) {
        if !self.config.waits_for_run {
            context::stop();
            return;
        }
        // A loop that sleeps makes one more iteration, with what wakes it.
        let left = u64::from(self.is_unseen());
        self.thread.stop_after(context::iterations(self.node_id()) + left);
        self.look_at_stop();
    }

    /// Queues something to run, so that the end of the iteration is noticed.
    fn look_at_stop(self: &Rc<Self>) {
        let this = Rc::clone(self);
        let look = move || {
            if this.thread.is_stopping() {
                this.look_at_stop();
            }
        };
        drop(self.call_soon(Box::new(look)));
    }

    /// Whether this is called from a thread that is not the loop's, while that sleeps.
    fn is_unseen(&self) -> bool {
        let node = self.node_id();
        context::current_task().is_some() && context::node() != node && context::is_idle(node)
    }

    /// Appends to the ready queue. If another thread does so the loop is not woken, as in asyncio.
    pub(crate) fn enqueue_unless_asleep(self: &Rc<Self>, entry: Entry) {
        if self.is_unseen() {
            self.thread.leave(entry);
        } else {
            self.enqueue(entry);
        }
    }

    /// Lets the loop see what other threads have queued.
    fn see(self: &Rc<Self>) {
        for entry in self.thread.take_unseen() {
            self.enqueue(entry);
        }
    }

    /// Appends what had its turn while the loop did not run to the ready queue.
    pub(crate) fn unpark(self: &Rc<Self>) {
        for entry in self.thread.take_parked() {
            self.enqueue(entry);
        }
    }

    /// Appends to the ready queue.
    fn enqueue(self: &Rc<Self>, entry: Entry) {
        let (handle, call) = match entry {
            Entry::Call(handle, call) => (handle, call),
            Entry::Step(waker) => {
                waker.wake();
                return;
            }
        };
        let this = Rc::clone(self);
        let turn = async move {
            if !this.may_run() {
                this.thread.park(Entry::Call(handle, call));
            } else if !handle.is_cancelled() {
                let before = this.enter_vars(VarContext::of(call.vars));
                (call.callback)();
                this.enter_vars(before);
            }
        };
        self.spawn("callback", turn, Location::caller());
    }

    pub(crate) fn spawn(
        &self,
        name: &str,
        future: impl StdFuture<Output = ()> + 'static,
        at: &'static Location<'static>,
    ) {
        drop(self.node.spawn_named_at(name, future, at));
    }

    /// Whether a handle whose turn it is may run. If not it is to be parked.
    pub(crate) fn may_run(self: &Rc<Self>) -> bool {
        self.see();
        self.thread.stop_if_due(self.node_id());
        if self.config.iterations_max != u64::MAX
            && !self.is_exhausted()
            && context::iterations(self.node_id()) > self.config.iterations_max
        {
            self.exhaust();
        }
        self.cost.begin();
        let is_over = self.is_exhausted() || self.is_closed() || self.signals.is_interrupted();
        !is_over && self.thread.is_running() && !self.thread.is_held()
    }

    /// When its first timer is due. In the middle of an iteration a loop does not look at its timers.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let is_off = self.paused.get() || self.is_exhausted() || !self.thread.is_running();
        if is_off || context::is_mid_iteration(self.node_id()) {
            return None;
        }
        if context::iterations(self.node_id()) >= self.config.iterations_max {
            // Before time moves: the iteration that would follow is one too many.
            self.exhaust();
            return None;
        }
        if self.cost.is_due() {
            return Some(Instant::START);
        }
        let (due, removed) = self.timers.borrow_mut().next_due();
        drop(removed); // with nothing borrowed: they may hold anything
        due
    }

    /// Appends the timers that are due to the ready queue; before that the loop takes the time that its iteration costs.
    pub(crate) fn fire(self: &Rc<Self>, now: Instant) {
        if self.next_due().is_none_or(|due| due > now) || self.cost.pay(self.node_id()) {
            return;
        }
        self.see();
        loop {
            let Some(timer) = self.timers.borrow_mut().pop_due(now) else { return };
            self.enqueue(Entry::Call(timer.handle, timer.call));
        }
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.paused.set(paused);
    }

    /// Whether its thread is busy elsewhere, between two runs.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Ends this run of the loop: handles that have their turn later are kept, in their order, for the next.
    pub(crate) fn interrupt(self: &Rc<Self>, why: Interrupt) {
        self.signals.interrupt(why);
        self.thread.hold(true);
        context::stop();
    }

    /// Lets the next run of the loop go on after an interrupt. What was queued behind the handles that were kept has its turn in
    /// the first iteration, and is kept too; then all of it is queued again, in the order of old.
    pub(crate) fn resume(self: &Rc<Self>) {
        let this = Rc::clone(self);
        let behind_all = async move {
            let last = Rc::clone(&this);
            let go_on = async move {
                last.thread.hold(false);
                last.unpark();
            };
            this.spawn("resume", go_on, Location::caller());
        };
        self.spawn("resume", behind_all, Location::caller());
    }

    /// Ends the run for good: no handle of this loop runs any more.
    pub(crate) fn exhaust(&self) {
        self.exhausted.set(true);
        context::stop();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// From now on nothing of it runs; what is scheduled is dropped.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.clear();
    }

    /// Drops what is scheduled.
    fn clear(&self) {
        let timers = self.timers.borrow_mut().take_all();
        drop(timers);
        self.thread.clear();
    }

    /// Drops what may hold references to the loop itself.
    pub(crate) fn forget(&self) {
        self.clear();
        let handler = self.handler.take();
        drop(handler);
        self.signals.clear();
    }

    pub(crate) fn set_handler(&self, handler: Handler) {
        *self.handler.borrow_mut() = Some(handler);
    }

    pub(crate) fn report(&self, report: &Report) {
        let handler = self.handler.borrow().clone();
        match handler {
            Some(handler) => handler(report),
            None if context::in_run() => sim_executor::event!("exception_handler: {report}"),
            None => {}
        }
    }

    /// Makes a task the current one, by its await point; gives that of the one before.
    pub(crate) fn switch_to(&self, point: Option<Rc<AwaitPoint>>) -> Option<Rc<AwaitPoint>> {
        self.current.replace(point)
    }

    /// The number of the task whose step is running, if one is.
    pub(crate) fn current_task(&self) -> Option<u64> {
        self.current.borrow().as_ref().map(|point| point.task)
    }

    /// The exception that is to be raised in the current task, if there is one.
    pub(crate) fn take_raised(&self) -> Option<Exc> {
        self.current.borrow().as_ref().and_then(|point| point.take_raised())
    }

    /// The current task, if its step is made eagerly.
    pub(crate) fn eager_task(&self) -> Option<Weak<dyn Start>> {
        self.current.borrow().as_ref().and_then(|point| point.eager())
    }

    /// Whether tasks are started eagerly from now on.
    pub(crate) fn set_eager(&self, is_eager: bool) {
        self.is_eager.set(is_eager);
    }

    /// Whether a new task is to be started eagerly.
    pub(crate) fn starts_eagerly(&self) -> bool {
        self.is_eager.get()
    }

    /// Whether a task or callback of it runs.
    pub(crate) fn is_inside(&self) -> bool {
        let is_off = self.is_exhausted() || self.is_closed() || !self.thread.is_running();
        !is_off && context::current_task().is_some() && context::node() == self.node_id()
    }

    /// The message of the cancellation that was raised last in the current task.
    pub(crate) fn cancel_message(&self) -> Option<Rc<str>> {
        self.current.borrow().as_ref().and_then(|point| point.message())
    }

    /// Notes the message of a cancellation that is raised in the current task.
    pub(crate) fn set_cancel_message(&self, message: Option<Rc<str>>) {
        if let Some(point) = &*self.current.borrow() {
            point.set_message(message);
        }
    }

    /// Notes what the current task waits for.
    pub(crate) fn note_waiter(&self, future: Rc<dyn Cancel>) {
        if let Some(point) = &*self.current.borrow() {
            point.set_waiter(Some(future));
        }
    }
}
