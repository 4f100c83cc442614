//! Mutual exclusion in the order of asking: `asyncio.Lock`.

use std::any::Any;
use std::cell::Cell;
use std::rc::{Rc, Weak};

use sim_executor::Label;

use crate::exc::Exc;
use crate::waiters::Waiters;

const ACQUIRE: Label = Label::new("asyncio.lock.acquire");

/// `release` was called on a lock that is not locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Lock is not acquired.")]
pub struct NotLocked;

impl From<NotLocked> for Exc {
    fn from(error: NotLocked) -> Self {
        Exc::raised("RuntimeError", error)
    }
}

/// A lock, which belongs to nobody: any task may release it. Between a release and the step of who waits first it is free,
/// but newcomers queue behind. Cloning gives another reference.
#[derive(Clone)]
pub struct Lock(Rc<State>);

struct State {
    is_locked: Cell<bool>,
    waiters: Waiters,
}

impl Default for Lock {
    fn default() -> Self {
        Lock::new()
    }
}

impl Lock {
    /// A lock that is not locked.
    #[must_use]
    pub fn new() -> Self {
        Lock(Rc::new(State { is_locked: Cell::new(false), waiters: Waiters::new(ACQUIRE) }))
    }

    /// Whether it is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.is_locked.get()
    }

    /// Locks it, when those that asked before have released it. It stays locked until `release`.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn acquire(&self) -> Result<(), Exc> {
        let owner: Weak<dyn Any> = Rc::<State>::downgrade(&self.0);
        self.acquire_as(Some(owner)).await
    }

    /// The same as a part of another primitive, or of none.
    pub(crate) async fn acquire_as(&self, owner: Option<Weak<dyn Any>>) -> Result<(), Exc> {
        if self.is_locked() || self.0.waiters.has_live() {
            let place = self.0.waiters.join(owner);
            let woken = place.woken().await;
            drop(place);
            if woken.is_err() && !self.is_locked() {
                self.0.waiters.wake_first();
            }
            woken?;
        }
        self.0.is_locked.set(true);
        Ok(())
    }

    /// Unlocks it, and wakes who waits first.
    ///
    /// # Errors
    /// When it is not locked.
    pub fn release(&self) -> Result<(), NotLocked> {
        if !self.0.is_locked.replace(false) {
            return Err(NotLocked);
        }
        self.0.waiters.wake_first();
        Ok(())
    }

    /// Awaits `body` while the lock is held: `async with lock`.
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
}
