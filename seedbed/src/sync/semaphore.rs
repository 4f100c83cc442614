//! A semaphore that says who has its permits.

use std::fmt;
use std::sync::Arc;

use sim_executor::Access;
use tokio::sync as tokios;
use tokio::sync::{AcquireError, TryAcquireError};

use super::known::Held;
use super::operation::Operation;
use super::resource::{Kind, Resource, refuse_to_block};

const SEMAPHORE: Kind = Kind::new("semaphore");

/// A number of permits: `tokio::sync::Semaphore`. To take some is a decision point, and a report names it and who has them:
/// `waits for permits of semaphore "connections" held by main/client since 0.002 (2 permits)`.
pub struct Semaphore {
    inner: tokios::Semaphore,
    resource: Resource,
}

impl Semaphore {
    /// The most permits that there may be.
    pub const MAX_PERMITS: usize = tokios::Semaphore::MAX_PERMITS;

    /// A semaphore with so many permits.
    ///
    /// # Panics
    /// If these are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Semaphore { inner: tokios::Semaphore::new(permits), resource: Resource::new(SEMAPHORE) }
    }

    /// The same, with a name for reports.
    ///
    /// # Panics
    /// If these are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    #[must_use]
    pub fn named(name: impl Into<String>, permits: usize) -> Self {
        let resource = Resource::named(SEMAPHORE, name.into());
        Semaphore { inner: tokios::Semaphore::new(permits), resource }
    }

    /// [`Semaphore::new`] in a constant.
    #[track_caller]
    #[must_use]
    pub const fn const_new(permits: usize) -> Self {
        Semaphore { inner: tokios::Semaphore::const_new(permits), resource: Resource::const_new(SEMAPHORE) }
    }

    /// How many permits nobody has.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.inner.available_permits()
    }

    /// Adds permits.
    ///
    /// # Panics
    /// If there are more than [`Semaphore::MAX_PERMITS`] then.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        self.resource.touch(Access::Write);
        self.inner.add_permits(n);
    }

    /// Takes permits away for ever, as many as nobody has; gives how many.
    pub fn forget_permits(&self, n: usize) -> usize {
        self.resource.touch(Access::Write);
        self.inner.forget_permits(n)
    }

    /// Waits for a permit, and takes it.
    ///
    /// # Errors
    /// If the semaphore is closed.
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire_many(1).await
    }

    /// Waits for so many permits, and takes them.
    ///
    /// # Errors
    /// If the semaphore is closed.
    pub async fn acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        let inner = self.resource.act(Operation::Acquire, self.inner.acquire_many(n)).await?;
        Ok(self.permit(inner))
    }

    fn permit<'a>(&'a self, inner: tokios::SemaphorePermit<'a>) -> SemaphorePermit<'a> {
        SemaphorePermit { held: self.resource.hold(inner.num_permits()), inner, semaphore: self }
    }

    /// Takes a permit if there is one.
    ///
    /// # Errors
    /// If there is none, or the semaphore is closed.
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes so many permits if there are.
    ///
    /// # Errors
    /// If there are less, or the semaphore is closed.
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.resource.touch(Access::Write);
        self.inner.try_acquire_many(n).map(|inner| self.permit(inner))
    }

    /// [`Semaphore::acquire`] with a permit that owns the semaphore.
    ///
    /// # Errors
    /// If the semaphore is closed.
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.acquire_many_owned(1).await
    }

    /// [`Semaphore::acquire_many`] with a permit that owns the semaphore.
    ///
    /// # Errors
    /// If the semaphore is closed.
    pub async fn acquire_many_owned(self: Arc<Self>, n: u32) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.resource.act(Operation::Acquire, self.inner.acquire_many(n)).await?.forget();
        Ok(OwnedSemaphorePermit::new(self, n as usize))
    }

    /// [`Semaphore::try_acquire`] with a permit that owns the semaphore.
    ///
    /// # Errors
    /// If there is none, or the semaphore is closed.
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// [`Semaphore::try_acquire_many`] with a permit that owns the semaphore.
    ///
    /// # Errors
    /// If there are less, or the semaphore is closed.
    pub fn try_acquire_many_owned(self: Arc<Self>, n: u32) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.resource.touch(Access::Write);
        self.inner.try_acquire_many(n)?.forget();
        Ok(OwnedSemaphorePermit::new(self, n as usize))
    }

    /// [`Semaphore::acquire`] on a thread that may wait.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.blocking_acquire_many(1)
    }

    /// [`Semaphore::acquire_many`] on a thread that may wait.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        refuse_to_block("`acquire_many(…).await` or `try_acquire_many`");
        self.inner.blocking_acquire_many(n).map(|inner| self.permit(inner))
    }

    /// [`Semaphore::acquire_owned`] on a thread that may wait.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.blocking_acquire_many_owned(1)
    }

    /// [`Semaphore::acquire_many_owned`] on a thread that may wait.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        refuse_to_block("`acquire_many_owned(…).await` or `try_acquire_many_owned`");
        self.inner.blocking_acquire_many(n)?.forget();
        Ok(OwnedSemaphorePermit::new(self, n as usize))
    }

    /// Gives no more permits, and wakes all who wait for some.
    pub fn close(&self) {
        self.resource.touch(Access::Write);
        self.inner.close();
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

const FOREIGN: &str = "merging permits from different semaphore instances";

/// Permits of a [`Semaphore`], until it is dropped: `tokio::sync::SemaphorePermit`.
#[must_use = "if unused the permits are given back at once"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    inner: tokios::SemaphorePermit<'a>,
    held: Option<Held>,
    semaphore: &'a Semaphore,
}

impl SemaphorePermit<'_> {
    /// The permits are not given back.
    pub fn forget(self) {
        self.inner.forget();
    }

    /// Takes in the permits of another one.
    ///
    /// # Panics
    /// If these are of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.inner.merge(other.inner);
        self.note();
    }

    /// Splits off so many permits, if there are as many.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        let inner = self.inner.split(n)?;
        self.note();
        Some(self.semaphore.permit(inner))
    }

    fn note(&self) {
        if let Some(held) = &self.held {
            held.set(self.inner.num_permits());
        }
    }

    /// Its semaphore.
    #[must_use]
    pub fn semaphore(&self) -> &Semaphore {
        self.semaphore
    }

    /// How many permits it has.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.inner.num_permits()
    }
}

/// Permits of a [`Semaphore`] that own it, until this is dropped: `tokio::sync::OwnedSemaphorePermit`.
#[must_use = "if unused the permits are given back at once"]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    permits: usize,
    held: Option<Held>,
    semaphore: Arc<Semaphore>,
}

impl OwnedSemaphorePermit {
    fn new(semaphore: Arc<Semaphore>, permits: usize) -> Self {
        OwnedSemaphorePermit { permits, held: semaphore.resource.hold(permits), semaphore }
    }

    /// The permits are not given back.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Takes in the permits of another one.
    ///
    /// # Panics
    /// If these are of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(Arc::ptr_eq(&self.semaphore, &other.semaphore), "{FOREIGN}");
        self.permits += std::mem::take(&mut other.permits);
        self.note();
    }

    /// Splits off so many permits, if there are as many.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(n)?;
        self.note();
        Some(OwnedSemaphorePermit::new(Arc::clone(&self.semaphore), n))
    }

    fn note(&self) {
        if let Some(held) = &self.held {
            held.set(self.permits);
        }
    }

    /// Its semaphore.
    #[must_use]
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// How many permits it has.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.permits
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.semaphore.inner.add_permits(self.permits);
    }
}
