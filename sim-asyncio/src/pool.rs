//! Threads beside the loop: `run_in_executor`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;

use sim_executor::Node;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;

type Job = Pin<Box<dyn StdFuture<Output = ()>>>;

/// A number of worker threads, each with a CPU of its own. Jobs begin in the order in which they were given.
#[derive(Clone)]
pub struct Pool(Rc<Workers>);

struct Workers {
    name: String,
    idle: RefCell<VecDeque<Node>>,
    jobs: RefCell<VecDeque<Job>>,
}

impl Pool {
    /// A pool of so many workers, which are the nodes `<name>-0`, `<name>-1` and so on. What runs in them has the name of
    /// the pool.
    ///
    /// # Panics
    /// Outside a run, or for a pool without workers.
    #[must_use]
    pub fn new(name: &str, workers_max: usize) -> Self {
        assert!(workers_max > 0, "a pool without workers would do nothing");
        let idle = (0..workers_max).map(|number| Node::named(&format!("{name}-{number}"))).collect();
        let idle = RefCell::new(idle);
        Pool(Rc::new(Workers { name: name.to_string(), idle, jobs: RefCell::default() }))
    }

    fn submit(&self, job: Job) {
        let Some(worker) = self.0.idle.borrow_mut().pop_front() else {
            self.0.jobs.borrow_mut().push_back(job);
            return;
        };
        let (workers, node) = (Rc::clone(&self.0), worker.clone());
        let work = async move {
            let mut next = Some(job);
            while let Some(job) = next {
                job.await;
                next = workers.jobs.borrow_mut().pop_front();
            }
            workers.idle.borrow_mut().push_back(worker);
        };
        drop(node.spawn_named(&self.0.name, work));
    }
}

impl EventLoop {
    /// Runs a function that blocks on a worker of the pool. It is written as an `async` block, since that is how it says for
    /// how long it blocks: with `sim_executor::time::block(duration).await`. Cancelling the future does not stop it.
    ///
    /// ```
    /// use sim_asyncio::{Pool, Runner};
    /// use sim_executor::{Executor, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let result = asyncio.enter(|event_loop| {
    ///     let pool = Pool::new("pool", 1);
    ///     event_loop.run_in_executor(&pool, async {
    ///         time::block(Duration::from_secs(1)).await;
    ///         Ok(7)
    ///     })
    /// });
    /// assert_eq!(asyncio.run_until_complete(&result).unwrap(), Ok(7));
    /// assert_eq!(asyncio.time().to_string(), "1.000");
    /// ```
    ///
    /// # Panics
    /// Outside a run.
    pub fn run_in_executor<T, F>(&self, pool: &Pool, function: F) -> Future<T>
    where
        T: Clone + 'static,
        F: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let future: Future<T> = self.create_future();
        let (event_loop, settled) = (self.clone(), future.clone());
        pool.submit(Box::pin(async move {
            let result = function.await;
            event_loop.call_soon_threadsafe(move || {
                // Settled already if it was cancelled.
                let _ = match result {
                    Ok(value) => settled.set_result(value),
                    Err(exc) => settled.set_exception(exc),
                };
            });
        }));
        future
    }
}
