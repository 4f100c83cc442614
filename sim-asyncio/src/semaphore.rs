//! A number of permits, handed over in the order of asking: `asyncio.Semaphore` of Python 3.11.

use std::any::Any;
use std::cell::Cell;
use std::rc::{Rc, Weak};

use sim_executor::Label;

use crate::exc::Exc;
use crate::waiters::Waiters;

const ACQUIRE: Label = Label::new("asyncio.semaphore.acquire");

/// Permits. `release` hands one to who waits first at once, although that task has its turn later; a newcomer queues
/// behind it. Cloning gives another reference.
#[derive(Clone)]
pub struct Semaphore(Rc<State>);

struct State {
    permits: Cell<u64>,
    waiters: Waiters,
}

impl Semaphore {
    /// A semaphore with so many permits.
    #[must_use]
    pub fn new(permits: u64) -> Self {
        Semaphore(Rc::new(State { permits: Cell::new(permits), waiters: Waiters::new(ACQUIRE) }))
    }

    /// How many permits are there; one that was handed to somebody who waits is not.
    pub(crate) fn permits(&self) -> u64 {
        self.0.permits.get()
    }

    /// Whether `acquire` would wait.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.permits.get() == 0 || self.0.waiters.has_live()
    }

    /// Takes a permit, when there is one and nobody has asked before.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn acquire(&self) -> Result<(), Exc> {
        if !self.is_locked() {
            self.0.permits.set(self.0.permits.get() - 1);
            return Ok(());
        }
        let owner: Weak<dyn Any> = Rc::<State>::downgrade(&self.0);
        let place = self.0.waiters.join(Some(owner));
        let woken = place.woken().await;
        let future = place.future.clone();
        drop(place);
        if woken.is_err() {
            if !future.is_cancelled() {
                self.release();
            }
            return woken;
        }
        if self.0.permits.get() > 0 {
            self.wake_next();
        }
        Ok(())
    }

    /// Gives a permit back.
    pub fn release(&self) {
        self.0.permits.set(self.0.permits.get() + 1);
        self.wake_next();
    }

    fn wake_next(&self) {
        if self.0.waiters.wake_first_pending() {
            self.0.permits.set(self.0.permits.get() - 1);
        }
    }

    /// Awaits `body` while a permit is held: `async with semaphore`.
    ///
    /// # Errors
    /// Those of `body`, and [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn with<T>(&self, body: impl Future<Output = Result<T, Exc>>) -> Result<T, Exc> {
        self.acquire().await?;
        let result = body.await;
        self.release();
        result
    }
}
