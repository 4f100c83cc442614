//! One event loop: callbacks, timers, tasks of one node.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::time::Duration;

use sim_executor::{Instant, Node, NodeId, context};

use crate::exc::Exc;
use crate::future::Future;
use crate::future_core::FutureCore;
use crate::handle::Handle;
use crate::iteration_cost::IterationCost;
use crate::loop_config::LoopConfig;
use crate::loops::Loops;
use crate::report::{Handler, Report};
use crate::signal::Signals;
use crate::task::{AnyTask, Task};
use crate::task_core::TaskCore;
use crate::thread::{Entry, Thread};
use crate::timer_heap::TimerHeap;

/// An event loop. Every handle, a callback or a step of a task, is one entry of the ready queue of its node; so
/// whatever orders that queue orders the loop. Cloning it gives another reference to the same loop.
#[derive(Clone)]
pub struct EventLoop(Rc<Inner>);

struct Inner {
    node: Node,
    config: LoopConfig,
    timers: RefCell<TimerHeap>,
    /// Those that have not ended, by number.
    tasks: RefCell<BTreeMap<u64, Weak<TaskCore>>>,
    tasks_created: Cell<u64>,
    current: RefCell<Option<Rc<TaskCore>>>,
    handler: RefCell<Option<Handler>>,
    /// Whether due timers are left alone: the thread of the loop is busy elsewhere.
    paused: Cell<bool>,
    exhausted: Cell<bool>,
    closed: Cell<bool>,
    cost: IterationCost,
    signals: Signals,
    thread: Thread,
}

impl EventLoop {
    /// The loop of the current node, which is created with the default [`LoopConfig`] if there is none.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn current() -> Self {
        Loops::of_run().loop_of(context::node()).unwrap_or_else(|| EventLoop::new(LoopConfig::default()))
    }

    /// A new loop, which becomes that of the current node: `set_event_loop(new_event_loop())`.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn new(config: LoopConfig) -> Self {
        EventLoop::on(&Node::named(&context::node_name(context::node())), config)
    }

    /// A new loop, which becomes that of this node.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn on(node: &Node, config: LoopConfig) -> Self {
        let made = EventLoop(Rc::new(Inner {
            node: node.clone(),
            config,
            timers: RefCell::new(TimerHeap::new(config.ties)),
            tasks: RefCell::default(),
            tasks_created: Cell::new(0),
            current: RefCell::new(None),
            handler: RefCell::new(None),
            paused: Cell::new(false),
            exhausted: Cell::new(false),
            closed: Cell::new(false),
            cost: IterationCost::new(config.iteration_cost),
            signals: Signals::default(),
            thread: Thread::new(!config.waits_for_run),
        }));
        Loops::of_run().add(made.clone());
        made
    }

    /// The node whose loop it is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.0.node.id()
    }

    /// Whether both are the same loop.
    pub(crate) fn is(&self, other: &EventLoop) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The virtual time on the clock of the current node.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn time(&self) -> Instant {
        context::now()
    }

    /// Appends a callback to the ready queue; it runs when its turn comes, never inside `call_soon`.
    ///
    /// # Panics
    /// Outside a run.
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        let handle = Handle::soon();
        self.enqueue_unless_asleep(Entry::Call(handle.clone(), Box::new(callback)));
        handle
    }

    /// [`EventLoop::call_soon`] from another node, which stands for another thread: it also wakes a loop that has nothing to
    /// do. What the other thread queued before without waking it is seen then too.
    ///
    /// # Panics
    /// Outside a run.
    pub fn call_soon_threadsafe(&self, callback: impl FnOnce() + 'static) -> Handle {
        let handle = Handle::soon();
        self.see();
        self.enqueue(Entry::Call(handle.clone(), Box::new(callback)));
        handle
    }

    /// Runs a callback after `delay`: then it is appended to the ready queue.
    ///
    /// # Panics
    /// Outside a run.
    pub fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) -> Handle {
        self.call_at(self.time() + delay, callback)
    }

    /// Runs a callback at `when`: then it is appended to the ready queue.
    pub fn call_at(&self, when: Instant, callback: impl FnOnce() + 'static) -> Handle {
        self.0.timers.borrow_mut().push(when, Box::new(callback))
    }

    /// A future of this loop that nothing has settled yet.
    #[must_use]
    pub fn create_future<T: Clone + 'static>(&self) -> Future<T> {
        Future::new(self.clone())
    }

    /// A task of this loop. Its first step is appended to the ready queue.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn create_task<T, B>(&self, name: impl Into<Rc<str>>, body: B) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        Task::spawn(self, name.into(), body, Location::caller())
    }

    /// Ends the run at the end of this iteration: the rest of the batch runs, what it schedules stays for a later run.
    ///
    /// # Panics
    /// Outside a run.
    pub fn stop(&self) {
        if self.0.config.waits_for_run {
            self.stop_thread();
        } else {
            context::stop();
        }
    }

    /// Closes it: nothing of it runs any more. What was scheduled is dropped, and with it, each after a report, the tasks
    /// that nobody else refers to.
    ///
    /// # Panics
    /// Outside a run.
    pub fn close(&self) {
        self.0.closed.set(true);
        self.clear();
        for task in self.pending_tasks() {
            if task.is_scheduled() && Rc::strong_count(&task) == 2 {
                task.free();
            }
        }
    }

    /// Whether its thread is busy elsewhere, between two runs.
    pub(crate) fn is_paused(&self) -> bool {
        self.0.paused.get()
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.get()
    }

    fn pending_tasks(&self) -> Vec<Rc<TaskCore>> {
        self.0.tasks.borrow().values().filter_map(Weak::upgrade).collect()
    }

    /// The tasks that have not ended, in the order of their creation.
    #[must_use]
    pub fn all_tasks(&self) -> Vec<AnyTask> {
        self.pending_tasks().into_iter().map(AnyTask::new).collect()
    }

    /// The task of this loop whose step is running, if one is.
    #[must_use]
    pub fn current_task(&self) -> Option<AnyTask> {
        self.0.current.borrow().clone().map(AnyTask::new)
    }

    /// Sets what is told of exceptions that nobody retrieves, and of tasks that are destroyed while they are pending. By
    /// default they become events of the run.
    pub fn set_exception_handler(&self, handler: impl Fn(&Report) + 'static) {
        *self.0.handler.borrow_mut() = Some(Rc::new(handler));
    }

    /// Destroys the tasks that have not ended, in the order of their creation, each with a report: what CPython's garbage
    /// collector does after `loop.close()`. Their bodies are dropped where they are suspended, before the report.
    pub fn destroy_pending(&self) {
        for task in self.pending_tasks() {
            task.destroy();
        }
    }

    pub(crate) fn report(&self, report: &Report) {
        let handler = self.0.handler.borrow().clone();
        match handler {
            Some(handler) => handler(report),
            None if context::in_run() => sim_executor::event!("exception_handler: {report}"),
            None => {}
        }
    }

    /// Whether [`LoopConfig::iterations_max`] was reached.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.0.exhausted.get()
    }

    /// Ends the run for good: no handle of this loop runs any more.
    pub(crate) fn exhaust(&self) {
        self.0.exhausted.set(true);
        context::stop();
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.0.signals
    }

    pub(crate) fn thread(&self) -> &Thread {
        &self.0.thread
    }

    /// Whether a handle whose turn it is may run. If not it is to be parked.
    pub(crate) fn may_run(&self) -> bool {
        self.see();
        self.stop_if_due();
        if self.0.config.iterations_max != u64::MAX
            && !self.is_exhausted()
            && context::iterations(self.node()) > self.0.config.iterations_max
        {
            self.exhaust();
        }
        self.0.cost.begin();
        let is_over = self.is_exhausted() || self.is_closed() || self.0.signals.is_interrupted();
        !is_over && self.0.thread.is_running()
    }

    pub(crate) fn spawn(
        &self,
        name: &str,
        future: impl StdFuture<Output = ()> + 'static,
        at: &'static Location<'static>,
    ) {
        drop(self.0.node.spawn_named_at(name, future, at));
    }

    /// Appends to the ready queue.
    pub(crate) fn enqueue(&self, entry: Entry) {
        let (handle, callback) = match entry {
            Entry::Call(handle, callback) => (handle, callback),
            Entry::Step(waker) => {
                waker.wake();
                return;
            }
        };
        let this = self.clone();
        let turn = async move {
            if !this.may_run() {
                this.thread().park(Entry::Call(handle, callback));
            } else if !handle.is_cancelled() {
                callback();
            }
        };
        self.spawn("callback", turn, Location::caller());
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.0.paused.set(paused);
    }

    /// When its first timer is due. In the middle of an iteration a loop does not look at its timers.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let is_off = self.0.paused.get() || self.is_exhausted() || !self.0.thread.is_running();
        if is_off || context::is_mid_iteration(self.node()) {
            return None;
        }
        if context::iterations(self.node()) >= self.0.config.iterations_max {
            // Before time moves: the iteration that would follow is one too many.
            self.exhaust();
            return None;
        }
        if self.0.cost.is_due() {
            return Some(Instant::START);
        }
        let (due, removed) = self.0.timers.borrow_mut().next_due();
        drop(removed); // with nothing borrowed: they may hold anything
        due
    }

    /// Appends the timers that are due to the ready queue; before that the loop takes the time that its iteration costs.
    pub(crate) fn fire(&self, now: Instant) {
        if self.next_due().is_none_or(|due| due > now) || self.0.cost.pay(self.node()) {
            return;
        }
        self.see();
        loop {
            let Some(timer) = self.0.timers.borrow_mut().pop_due(now) else { return };
            self.enqueue(Entry::Call(timer.handle, timer.callback));
        }
    }

    /// Drops what is scheduled.
    pub(crate) fn clear(&self) {
        let timers = self.0.timers.borrow_mut().take_all();
        drop(timers);
        self.0.thread.clear();
    }

    /// Drops what may hold references to the loop itself.
    pub(crate) fn forget(&self) {
        self.clear();
        let handler = self.0.handler.take();
        drop(handler);
        self.0.signals.clear();
    }

    pub(crate) fn register(&self, make: impl FnOnce(u64) -> Rc<TaskCore>) -> Rc<TaskCore> {
        let number = self.0.tasks_created.get();
        self.0.tasks_created.set(number + 1);
        let task = make(number);
        self.0.tasks.borrow_mut().insert(number, Rc::downgrade(&task));
        task
    }

    pub(crate) fn unregister(&self, number: u64) {
        self.0.tasks.borrow_mut().remove(&number);
    }

    /// Makes a task the current one; gives the one that was.
    pub(crate) fn switch_to(&self, task: Option<Rc<TaskCore>>) -> Option<Rc<TaskCore>> {
        self.0.current.replace(task)
    }

    /// The exception that is to be raised in the current task, if there is one.
    pub(crate) fn take_raised(&self) -> Option<Exc> {
        self.0.current.borrow().as_ref().and_then(|task| task.take_raised())
    }

    /// Notes what the current task waits for.
    pub(crate) fn note_waiter(&self, future: &Rc<FutureCore>) {
        if let Some(task) = &*self.0.current.borrow() {
            task.set_waiter(Some(Rc::clone(future)));
        }
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EventLoop of {}", self.0.node.name())
    }
}
