//! A semaphore that cannot be given back what was not taken: `asyncio.BoundedSemaphore`.

use std::future::Future;

use crate::exc::Exc;
use crate::semaphore::Semaphore;

/// A [`Semaphore`] that never has more permits than at its beginning. Cloning gives another reference.
///
/// ```
/// use sim_asyncio::{BoundedSemaphore, Runner};
/// use sim_executor::{Executor, ProductionOrder};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let semaphore = BoundedSemaphore::new(1);
///     semaphore.acquire().await?;
///     semaphore.release()?;
///     Ok(semaphore.release().is_err())
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(true));
/// ```
#[derive(Clone)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    permits_max: u64,
}

/// `release` was called more often than `acquire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("BoundedSemaphore released too many times")]
pub struct ReleasedTooOften;

impl From<ReleasedTooOften> for Exc {
    fn from(error: ReleasedTooOften) -> Self {
        Exc::raised("ValueError", error)
    }
}

impl BoundedSemaphore {
    /// A semaphore with so many permits.
    #[must_use]
    pub fn new(permits: u64) -> Self {
        BoundedSemaphore { semaphore: Semaphore::new(permits), permits_max: permits }
    }

    /// As [`Semaphore::is_locked`].
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.semaphore.is_locked()
    }

    /// As [`Semaphore::acquire`].
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn acquire(&self) -> Result<(), Exc> {
        self.semaphore.acquire().await
    }

    /// Gives a permit back.
    ///
    /// # Errors
    /// When all are there.
    pub fn release(&self) -> Result<(), ReleasedTooOften> {
        if self.semaphore.permits() >= self.permits_max {
            return Err(ReleasedTooOften);
        }
        self.semaphore.release();
        Ok(())
    }

    /// Awaits `body` while a permit is held: `async with semaphore`.
    ///
    /// # Errors
    /// Those of `body`, [`Exc::Cancelled`], and a `ValueError` when the permit was given back meanwhile.
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
