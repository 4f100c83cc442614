//! One event loop, as its users see it.

use std::cell::RefCell;
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Fault, Instant, Node, NodeId, context};

use crate::exc::Exc;
use crate::future::Future;
use crate::handle::Handle;
use crate::loop_config::LoopConfig;
use crate::loop_core::LoopCore;
use crate::registry::Registry;
use crate::report::Report;
use crate::task::{AnyTask, Task};
use crate::task_core::{NewTask, TaskCore};
use crate::vars::VarContext;

/// An event loop. Every handle, a callback or a step of a task, is one entry of the ready queue of its node; so
/// whatever orders that queue orders the loop. Cloning it gives another reference to the same loop.
#[derive(Clone)]
pub struct EventLoop {
    core: Rc<LoopCore>,
    tasks: Rc<Registry<TaskCore>>,
}

impl EventLoop {
    /// A new loop that no node has yet.
    pub(crate) fn unplaced(node: &Node, config: LoopConfig, vars: Rc<RefCell<VarContext>>) -> Self {
        // A handle of asyncio runs once for each call of `call_soon`.
        context::refuse_fault(Fault::Spurious);
        EventLoop { core: LoopCore::new(node, config, vars), tasks: Registry::new() }
    }

    pub(crate) fn core(&self) -> &Rc<LoopCore> {
        &self.core
    }

    /// The node whose loop it is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.core.node().id()
    }

    /// Whether both are the same loop.
    pub(crate) fn is(&self, other: &EventLoop) -> bool {
        Rc::ptr_eq(&self.core, &other.core)
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
        self.core.call_soon(Box::new(callback))
    }

    /// [`EventLoop::call_soon`] from another node, which stands for another thread: it also wakes a loop that has nothing to
    /// do. What the other thread queued before without waking it is seen then too.
    ///
    /// # Panics
    /// Outside a run.
    pub fn call_soon_threadsafe(&self, callback: impl FnOnce() + 'static) -> Handle {
        self.core.call_soon_threadsafe(Box::new(callback))
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
        self.core.call_at(when, Box::new(callback))
    }

    /// A future of this loop that nothing has settled yet.
    #[must_use]
    pub fn create_future<T: Clone + 'static>(&self) -> Future<T> {
        Future::new(Rc::clone(&self.core))
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
        self.create_task_at(name.into(), body, Location::caller())
    }

    /// The same for somebody who stands at `at`.
    pub(crate) fn create_task_at<T, B>(
        &self,
        name: Rc<str>,
        body: B,
        at: &'static Location<'static>,
    ) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let new = NewTask { name, at, vars: self.core.current_vars().copy() };
        let task = Task::new(&self.core, &self.tasks, new, body);
        if self.core.starts_eagerly() && self.core.is_inside() {
            task.core().start_eagerly();
        } else {
            Rc::clone(task.core()).spawn();
        }
        task
    }

    /// A task that sees and changes what context variables hold in this context: `create_task(coro, context=context)`.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn create_task_in<T, B>(&self, vars: &VarContext, name: impl Into<Rc<str>>, body: B) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let new = NewTask { name: name.into(), at: Location::caller(), vars: vars.clone() };
        let task = Task::new(&self.core, &self.tasks, new, body);
        Rc::clone(task.core()).spawn();
        task
    }

    /// A task whose first step is made at once, inside of this call, as far as the first await that suspends: `Task(coro,
    /// eager_start=True)` of Python 3.12. Outside of the loop it is as [`EventLoop::create_task`].
    ///
    /// ```
    /// use sim_asyncio::{EventLoop, Runner};
    /// use sim_executor::{Executor, ProductionOrder};
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let main = asyncio.create_task("main", async {
    ///     Ok(EventLoop::current().create_eager_task("child", async { Ok(1) }).is_done())
    /// });
    /// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(true));
    /// ```
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn create_eager_task<T, B>(&self, name: impl Into<Rc<str>>, body: B) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let vars = self.core.current_vars().copy();
        let new = NewTask { name: name.into(), at: Location::caller(), vars };
        let task = Task::new(&self.core, &self.tasks, new, body);
        if self.core.is_inside() {
            task.core().start_eagerly();
        } else {
            Rc::clone(task.core()).spawn();
        }
        task
    }

    /// Lets `create_task` start tasks eagerly from now on: `loop.set_task_factory(asyncio.eager_task_factory)`.
    pub fn set_eager_tasks(&self, are_eager: bool) {
        self.core.set_eager(are_eager);
    }

    /// Ends the run at the end of this iteration: the rest of the batch runs, what it schedules stays for a later run.
    ///
    /// # Panics
    /// Outside a run.
    pub fn stop(&self) {
        self.core.stop();
    }

    /// Closes it: nothing of it runs any more. What was scheduled is dropped, and with it, each after a report, the tasks
    /// that nobody else refers to.
    ///
    /// # Panics
    /// Outside a run.
    pub fn close(&self) {
        self.core.close();
        for task in self.tasks.all() {
            if task.is_scheduled() && Rc::strong_count(&task) == 2 {
                task.free();
            }
        }
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    /// The tasks that have not ended, in the order of their creation.
    #[must_use]
    pub fn all_tasks(&self) -> Vec<AnyTask> {
        self.tasks.all().into_iter().map(AnyTask::new).collect()
    }

    /// The message of the cancellation that was raised last in the current task, if it had one: the argument of `cancel(msg)`.
    ///
    /// ```
    /// use sim_asyncio::{EventLoop, Exc, Runner, create_task, sleep, yield_now};
    /// use sim_executor::{Executor, ProductionOrder};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let heard = asyncio.run_coroutine("main", async {
    ///     let task = create_task("sleeps", async {
    ///         assert_eq!(sleep(Duration::from_secs(1)).await, Err(Exc::Cancelled));
    ///         Ok(EventLoop::current().cancel_message())
    ///     });
    ///     yield_now().await?;
    ///     task.cancel_with("too late");
    ///     task.await
    /// });
    /// assert_eq!(heard.unwrap().unwrap().as_deref(), Some("too late"));
    /// ```
    #[must_use]
    pub fn cancel_message(&self) -> Option<Rc<str>> {
        self.core.cancel_message()
    }

    /// The task of this loop whose step is running, if one is.
    #[must_use]
    pub fn current_task(&self) -> Option<AnyTask> {
        let number = self.core.current_task()?;
        self.tasks.task(number).map(AnyTask::new)
    }

    /// Sets what is told of exceptions that nobody retrieves, and of tasks that are destroyed while they are pending. By
    /// default they become events of the run.
    pub fn set_exception_handler(&self, handler: impl Fn(&Report) + 'static) {
        self.core.set_handler(Rc::new(handler));
    }

    /// Destroys the tasks that have not ended, in the order of their creation, each with a report: what CPython's garbage
    /// collector does after `loop.close()`. Their bodies are dropped where they are suspended, before the report.
    pub fn destroy_pending(&self) {
        for task in self.tasks.all() {
            task.destroy();
        }
    }

    /// Collects garbage, as Python does now and then: destroys, each with a [`Report::TaskDestroyedPending`], the tasks that
    /// vanish because the loop itself knows them by weak references only. Such a task waits for something that nothing besides it
    /// refers to, such as an event or a queue of its own, and nobody has kept the task. One that sleeps, or waits for another task,
    /// stays. Where this cannot tell who refers to what, a task stays too.
    ///
    /// ```
    /// use sim_asyncio::{Event, EventLoop, Exc, Runner, create_task, yield_now};
    /// use sim_executor::{Executor, ProductionOrder};
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let main = asyncio.create_task("main", async {
    ///     let waits = |event: Event| async move { event.wait().await };
    ///     drop(create_task("forgotten", waits(Event::new())));
    ///     let kept = create_task("kept", waits(Event::new()));
    ///     let shared = Event::new();
    ///     drop(create_task("can be woken", waits(shared.clone())));
    ///     yield_now().await?;
    ///     EventLoop::current().collect_garbage();
    ///     let names: Vec<_> = EventLoop::current().all_tasks().iter().map(|task| task.name()).collect();
    ///     shared.set();
    ///     kept.cancel();
    ///     Ok(names)
    /// });
    /// let names = asyncio.run_until_complete(&main).unwrap().unwrap();
    /// assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["main", "kept", "can be woken"]);
    /// ```
    ///
    /// # Panics
    /// Outside a run.
    pub fn collect_garbage(&self) {
        let mut has_found = true;
        // A body that is dropped may have held the last reference to what another task waits for.
        while has_found {
            has_found = false;
            for task in self.tasks.all() {
                if task.is_garbage() {
                    task.collect();
                    has_found = true;
                }
            }
        }
    }

    /// Drops what may hold references to the loop itself.
    pub(crate) fn forget(&self) {
        for task in self.tasks.take_all_kept() {
            task.destroy();
        }
        self.core.forget();
    }

    /// Whether [`LoopConfig::iterations_max`] was reached.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.core.is_exhausted()
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EventLoop of {}", self.core.node().name())
    }
}
