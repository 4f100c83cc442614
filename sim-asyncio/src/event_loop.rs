//! One event loop, as its users see it.

use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Instant, Node, NodeId, context};

use crate::exc::Exc;
use crate::future::Future;
use crate::handle::Handle;
use crate::loop_config::LoopConfig;
use crate::loop_core::LoopCore;
use crate::registry::Registry;
use crate::report::Report;
use crate::task::{AnyTask, Task};
use crate::task_core::TaskCore;

/// An event loop. Every handle, a callback or a step of a task, is one entry of the ready queue of its node; so
/// whatever orders that queue orders the loop. Cloning it gives another reference to the same loop.
#[derive(Clone)]
pub struct EventLoop {
    core: Rc<LoopCore>,
    tasks: Rc<Registry<TaskCore>>,
}

impl EventLoop {
    /// A new loop that no node has yet.
    pub(crate) fn unplaced(node: &Node, config: LoopConfig) -> Self {
        EventLoop { core: LoopCore::new(node, config), tasks: Registry::new() }
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
        Task::spawn(&self.core, &self.tasks, name, body, at)
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
