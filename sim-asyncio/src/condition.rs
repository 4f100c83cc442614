//! Waiting for a change of something that a lock protects: `asyncio.Condition` of Python 3.11.

use std::future::Future;
use std::rc::Rc;

use sim_executor::Label;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::lock::{Lock, NotLocked};
use crate::waiters::Waiters;

const WAIT: Label = Label::new("asyncio.condition.wait");

/// A condition: who waits gives its lock back until somebody who holds it notifies. Cloning gives another reference.
///
/// ```
/// use sim_asyncio::{Condition, Runner, create_task};
/// use sim_executor::{Executor, ProductionOrder};
/// use std::{cell::Cell, rc::Rc};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let (condition, count) = (Condition::new(), Rc::new(Cell::new(0)));
///     let (changed, counted) = (condition.clone(), Rc::clone(&count));
///     let waits = create_task("waits", async move {
///         changed.with(async { changed.wait_for(|| counted.get() == 1).await }).await
///     });
///     condition
///         .with(async {
///             count.set(1);
///             condition.notify_all()?;
///             Ok(())
///         })
///         .await?;
///     waits.await
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(()));
/// ```
#[derive(Clone)]
pub struct Condition(Rc<State>);

struct State {
    lock: Lock,
    waiters: Waiters,
}

/// The lock of a condition was not locked when somebody waited or notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {verb} on un-acquired lock")]
pub struct LockNotAcquired {
    /// `wait` or `notify`.
    pub verb: &'static str,
}

impl From<LockNotAcquired> for Exc {
    fn from(error: LockNotAcquired) -> Self {
        Exc::raised("RuntimeError", error)
    }
}

impl Default for Condition {
    fn default() -> Self {
        Condition::new()
    }
}

impl Condition {
    /// A condition with a lock of its own.
    #[must_use]
    pub fn new() -> Self {
        Condition::over(Lock::new())
    }

    /// A condition over this lock, which others may have too.
    #[must_use]
    pub fn over(lock: Lock) -> Self {
        Condition(Rc::new(State { lock, waiters: Waiters::new(WAIT) }))
    }

    /// Whether its lock is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.lock.is_locked()
    }

    /// As [`Lock::acquire`].
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn acquire(&self) -> Result<(), Exc> {
        self.0.lock.acquire_as(None).await
    }

    /// As [`Lock::release`].
    ///
    /// # Errors
    /// When it is not locked.
    pub fn release(&self) -> Result<(), NotLocked> {
        self.0.lock.release()
    }

    /// Awaits `body` while the lock is held: `async with condition`.
    ///
    /// # Errors
    /// Those of `body`, and [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn with<T>(&self, body: impl Future<Output = Result<T, Exc>>) -> Result<T, Exc> {
        self.acquire().await?;
        let result = body.await;
        self.release()?;
        result
    }

    /// Gives the lock back, waits to be notified, takes the lock again. Who is cancelled takes it again all the same.
    ///
    /// # Errors
    /// [`Exc::Cancelled`]; a `RuntimeError` when nobody holds the lock.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn wait(&self) -> Result<(), Exc> {
        if !self.is_locked() {
            return Err(LockNotAcquired { verb: "wait" }.into());
        }
        self.release()?;
        let event_loop = EventLoop::current();
        let notified = self.0.waiters.join(None).woken().await;
        let message = event_loop.cancel_message();
        let mut is_cancelled = false;
        while self.acquire().await.is_err() {
            is_cancelled = true;
        }
        if is_cancelled {
            event_loop.core().set_cancel_message(None); // a new exception, without a message
            return Err(Exc::Cancelled);
        }
        event_loop.core().set_cancel_message(message);
        notified
    }

    /// Waits until `predicate` holds: it is asked before, and each time that this is notified.
    ///
    /// # Errors
    /// As [`Condition::wait`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn wait_for(&self, predicate: impl Fn() -> bool) -> Result<(), Exc> {
        while !predicate() {
            self.wait().await?;
        }
        Ok(())
    }

    /// Wakes the `count` tasks that have waited longest, or as many as there are. They go on when they have the lock.
    ///
    /// # Errors
    /// When nobody holds the lock.
    pub fn notify(&self, count: usize) -> Result<(), LockNotAcquired> {
        if !self.is_locked() {
            return Err(LockNotAcquired { verb: "notify" });
        }
        self.0.waiters.wake_pending(count);
        Ok(())
    }

    /// Wakes all that wait.
    ///
    /// # Errors
    /// When nobody holds the lock.
    pub fn notify_all(&self) -> Result<(), LockNotAcquired> {
        self.notify(usize::MAX)
    }
}
