//! A loop in a thread of its own: what runs it there, what other threads ask of it.

use std::future::{Future as StdFuture, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;

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
        let thread = self.core().thread();
        assert!(!thread.is_running(), "RuntimeError: This event loop is already running");
        thread.start();
        self.core().unpark();
        poll_fn(|context| {
            if !thread.is_running() {
                return Poll::Ready(());
            }
            thread.wake_when_stopped(context.waker().clone());
            Poll::Pending
        })
        .await;
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
}
