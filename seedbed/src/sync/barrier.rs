//! A barrier, whose waiters go on in the order in which they came.

use std::sync::{Mutex, PoisonError};

use sim_executor::Access;
use sim_executor::coop::cooperative;
use tokio::sync::Notify;

use super::operation::Operation;
use super::resource::{Kind, Resource};

const BARRIER: Kind = Kind::new("barrier");

/// Lets tasks wait until so many have come: `tokio::sync::Barrier`, repeatable. Those who have waited go on in the order in which
/// they came, as far as the run's order is first come, first served.
///
/// ```
/// use seedbed::{Executor, ProductionOrder, spawn, sync::Barrier};
/// use std::sync::Arc;
///
/// let leaders = Executor::new(ProductionOrder).block_on(async {
///     let barrier = Arc::new(Barrier::new(3));
///     let waiters: Vec<_> = (0..3)
///         .map(|_| {
///             let barrier = Arc::clone(&barrier);
///             spawn(async move { barrier.wait().await.is_leader() })
///         })
///         .collect();
///     let mut leaders = Vec::new();
///     for waiter in waiters {
///         leaders.push(waiter.await.unwrap());
///     }
///     leaders
/// });
/// assert_eq!(leaders.unwrap(), [false, false, true]);
/// ```
#[derive(Debug)]
pub struct Barrier {
    /// How many have come of those who are waited for.
    arrived: Mutex<usize>,
    /// How many are waited for.
    size: usize,
    is_full: Notify,
    resource: Resource,
}

impl Barrier {
    /// A barrier for `n` tasks. One for none is as one for one: nobody waits at it.
    #[track_caller]
    #[must_use]
    pub fn new(n: usize) -> Barrier {
        let resource = Resource::new(BARRIER);
        Barrier { arrived: Mutex::new(0), size: n.max(1), is_full: Notify::new(), resource }
    }

    /// Waits until as many have come as the barrier is for. The last one does not wait, and is the leader; then the barrier begins
    /// again.
    ///
    /// # Cancel safety
    /// As tokio's it is not cancel safe: who came and went is counted.
    pub async fn wait(&self) -> BarrierWaitResult {
        self.resource.point(Operation::Arrive).await;
        self.resource.touch(Access::Write);
        let notified = {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            *arrived += 1;
            if *arrived == self.size {
                *arrived = 0;
                self.is_full.notify_waiters();
                return BarrierWaitResult(true);
            }
            // Made before the lock is given back, so that the next leader's call reaches it.
            self.is_full.notified()
        };
        cooperative(self.resource.wait_for(Operation::Arrive, notified)).await;
        BarrierWaitResult(false)
    }
}

/// Whether a task came last: `tokio::sync::BarrierWaitResult`.
#[derive(Clone, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether it is the one task of its turn that the others had waited for.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
