//! A loop in a thread of its own: what other threads ask of it, whether it runs.

use std::cell::{Cell, RefCell};
use std::future::{Future as StdFuture, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use sim_executor::context;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::handle::Handle;

/// A callback or a step.
pub(crate) enum Entry {
    Call(Handle, Box<dyn FnOnce()>),
    Step(Waker),
}

/// What a loop knows of threads. A thread is a node: it has a CPU of its own.
pub(crate) struct Thread {
    /// Whether handles run; else they are parked.
    is_running: Cell<bool>,
    /// The iteration after which the loop stops.
    stops_after: Cell<Option<u64>>,
    /// What had its turn while the loop did not run.
    parked: RefCell<Vec<Entry>>,
    /// What other threads have queued without waking the loop: it is seen when something else wakes it.
    unseen: RefCell<Vec<Entry>>,
    /// Who waits in `run_forever`.
    runner: RefCell<Option<Waker>>,
}

impl Thread {
    pub(crate) fn new(is_running: bool) -> Self {
        Thread {
            is_running: Cell::new(is_running),
            stops_after: Cell::new(None),
            parked: RefCell::default(),
            unseen: RefCell::default(),
            runner: RefCell::new(None),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.is_running.get()
    }

    pub(crate) fn park(&self, entry: Entry) {
        self.parked.borrow_mut().push(entry);
    }

    /// Drops what is queued.
    pub(crate) fn clear(&self) {
        let (parked, unseen) = (self.parked.take(), self.unseen.take());
        drop((parked, unseen));
    }
}

impl EventLoop {
    /// Runs the loop in the thread that awaits this, until `stop` is called: for a loop with
    /// [`LoopConfig::waits_for_run`](crate::LoopConfig::waits_for_run), on its own node.
    ///
    /// ```
    /// use sim_asyncio::{EventLoop, LoopConfig, sleep};
    /// use sim_executor::{Executor, Node, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let stopped_at = executor.block_on(async {
    ///     let node = Node::named("loop thread");
    ///     let event_loop = EventLoop::on(&node, LoopConfig { waits_for_run: true, ..Default::default() });
    ///     let in_thread = event_loop.clone();
    ///     let thread = node.spawn(async move { in_thread.run_forever().await });
    ///     time::sleep(Duration::from_millis(4_500)).await;
    ///     let stopped = event_loop.clone();
    ///     // A direct `stop` would wait for what wakes the loop next: for ever, as it has nothing to do.
    ///     event_loop.call_soon_threadsafe(move || stopped.stop());
    ///     thread.await.unwrap();
    ///     time::now()
    /// });
    /// assert_eq!(stopped_at.unwrap().to_string(), "4.500");
    /// ```
    ///
    /// # Panics
    /// Outside a run, or when it runs already.
    pub async fn run_forever(&self) {
        let thread = self.thread();
        assert!(!thread.is_running(), "RuntimeError: This event loop is already running");
        thread.is_running.set(true);
        self.unpark();
        poll_fn(|context| {
            if !thread.is_running() {
                return Poll::Ready(());
            }
            thread.runner.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Appends what had its turn while the loop did not run to the ready queue.
    pub(crate) fn unpark(&self) {
        for entry in self.thread().parked.take() {
            self.enqueue(entry);
        }
    }

    /// Runs a body as a task of the loop, which is that of another thread: `asyncio.run_coroutine_threadsafe`. The future
    /// is settled when the task has ended.
    ///
    /// # Panics
    /// Outside a run.
    pub fn run_coroutine_threadsafe<T, B>(&self, name: impl Into<Rc<str>>, body: B) -> Future<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let (future, name) = (self.create_future(), name.into());
        let (this, settled) = (self.clone(), future.clone());
        self.call_soon_threadsafe(move || {
            let task = this.create_task(name, body);
            let ended = task.clone();
            task.add_done_callback(move || {
                // Settled already if it was cancelled.
                let _ = match ended.result().expect("a task that is done has a result") {
                    Ok(value) => settled.set_result(value),
                    Err(exc) => settled.set_exception(exc),
                };
            });
        });
        future
    }

    /// Whether this is called from a thread that is not the loop's, while that sleeps.
    fn is_unseen(&self) -> bool {
        context::current_task().is_some() && context::node() != self.node() && context::is_idle(self.node())
    }

    /// Appends to the ready queue. If another thread does so the loop is not woken, as in asyncio.
    pub(crate) fn enqueue_unless_asleep(&self, entry: Entry) {
        if self.is_unseen() {
            self.thread().unseen.borrow_mut().push(entry);
        } else {
            self.enqueue(entry);
        }
    }

    /// Lets the loop see what other threads have queued.
    pub(crate) fn see(&self) {
        for entry in self.thread().unseen.take() {
            self.enqueue(entry);
        }
    }

    /// Stops a loop that [`EventLoop::run_forever`] runs.
    pub(crate) fn stop_thread(&self) {
        // A loop that sleeps makes one more iteration, with what wakes it.
        let left = u64::from(self.is_unseen());
        self.thread().stops_after.set(Some(context::iterations(self.node()) + left));
        self.look_at_stop();
    }

    /// Queues something to run, so that the end of the iteration is noticed.
    fn look_at_stop(&self) {
        let this = self.clone();
        let look = move || {
            if this.thread().stops_after.get().is_some() {
                this.look_at_stop();
            }
        };
        self.enqueue_unless_asleep(Entry::Call(Handle::soon(), Box::new(look)));
    }

    /// Ends [`EventLoop::run_forever`] if the iteration in which `stop` was called is over.
    pub(crate) fn stop_if_due(&self) {
        let thread = self.thread();
        let is_over = thread.stops_after.get().is_some_and(|after| context::iterations(self.node()) > after);
        if is_over {
            thread.stops_after.set(None);
            thread.is_running.set(false);
            let runner = thread.runner.take();
            if let Some(runner) = runner {
                runner.wake();
            }
        }
    }
}
