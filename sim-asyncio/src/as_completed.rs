//! The results of several futures in the order of their ends: `asyncio.as_completed`.

use crate::exc::Exc;
use crate::future::{CallbackId, Future};
use crate::gather::unique;
use crate::queue::Queue;

/// The futures in the order in which they end.
///
/// ```
/// use sim_asyncio::{EventLoop, Runner, as_completed, sleep};
/// use sim_executor::{Executor, ProductionOrder};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let child = |seconds| async move {
///         sleep(Duration::from_secs(seconds)).await?;
///         Ok(seconds)
///     };
///     let tasks = [3, 1, 2].map(|seconds| EventLoop::current().create_task("child", child(seconds)));
///     let mut ended = as_completed(tasks);
///     let mut order = Vec::new();
///     while let Some(result) = ended.next().await {
///         order.push(result?);
///     }
///     Ok(order)
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(vec![1, 2, 3]));
/// ```
///
/// # Panics
/// Outside a run.
pub fn as_completed<T, F>(futures: impl IntoIterator<Item = F>) -> AsCompleted<T>
where
    T: Clone + 'static,
    F: Into<Future<T>>,
{
    let futures: Vec<Future<T>> = futures.into_iter().map(Into::into).collect();
    let ended = Queue::unbounded();
    let callbacks = unique(&futures).into_iter().map(|future| {
        let (queue, done) = (ended.clone(), future.clone());
        let callback = future.add_done_callback(move || {
            // A queue without a bound has room.
            let _ = queue.put_nowait(done);
        });
        (future, callback)
    });
    let callbacks: Vec<(Future<T>, CallbackId)> = callbacks.collect();
    AsCompleted { left: callbacks.len(), ended, callbacks }
}

/// What [`as_completed`] gives: to be asked for one result after the other.
#[must_use = "its results are asked for with `next`"]
pub struct AsCompleted<T> {
    ended: Queue<Future<T>>,
    left: usize,
    callbacks: Vec<(Future<T>, CallbackId)>,
}

impl<T: Clone + 'static> AsCompleted<T> {
    /// The result of the next that ends; `None` after the last. A cancellation of the caller is a result too, which says
    /// nothing of the futures.
    pub async fn next(&mut self) -> Option<Result<T, Exc>> {
        if self.left == 0 {
            return None;
        }
        match self.ended.get().await {
            Ok(future) => {
                self.left -= 1;
                future.result()
            }
            Err(exc) => Some(Err(exc)),
        }
    }
}

impl<T> Drop for AsCompleted<T> {
    fn drop(&mut self) {
        for (future, callback) in self.callbacks.drain(..) {
            future.remove_done_callback(callback);
        }
    }
}
