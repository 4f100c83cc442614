//! A lock for many readers or one writer that says who has it.

use std::fmt;
use std::sync::Arc;

use sim_executor::Access;
use tokio::sync as tokios;
use tokio::sync::TryLockError;

use super::inner::Inner;
use super::operation::Operation;
use super::resource::{Kind, Resource, refuse_to_block};

mod owned;
mod read;
mod write;

pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
pub use read::RwLockReadGuard;
pub use write::{RwLockMappedWriteGuard, RwLockWriteGuard};

const LOCK: Kind = Kind::new("lock");

/// A lock for many readers or one writer: `tokio::sync::RwLock`. To take it is a decision point, and a report names it and who has
/// it: `waits to write lock "table" held by main/reader since 0.002, by main/reader#2 since 0.002`.
pub struct RwLock<T> {
    inner: Inner<tokios::RwLock<T>>,
    resource: Resource,
}

impl<T> RwLock<T> {
    #[track_caller]
    fn of(inner: tokios::RwLock<T>) -> Self {
        RwLock { inner: Inner::new(inner), resource: Resource::new(LOCK) }
    }

    /// A lock on this value.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        RwLock::of(tokios::RwLock::new(value))
    }

    /// The same, with a name for reports.
    #[track_caller]
    #[must_use]
    pub fn named(name: impl Into<String>, value: T) -> Self {
        let inner = Inner::new(tokios::RwLock::new(value));
        RwLock { inner, resource: Resource::named(LOCK, name.into()) }
    }

    /// A lock with so many readers at one time.
    ///
    /// # Panics
    /// If that is more than 2^29.
    #[track_caller]
    #[must_use]
    pub fn with_max_readers(value: T, max_reads: u32) -> Self {
        RwLock::of(tokios::RwLock::with_max_readers(value, max_reads))
    }

    /// [`RwLock::new`] in a constant, for a `static`. It has no owned guards.
    #[track_caller]
    #[must_use]
    pub const fn const_new(value: T) -> Self {
        RwLock {
            inner: Inner::Constant(tokios::RwLock::const_new(value)),
            resource: Resource::const_new(LOCK),
        }
    }

    /// [`RwLock::with_max_readers`] in a constant.
    #[track_caller]
    #[must_use]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
        let inner = tokios::RwLock::const_with_max_readers(value, max_reads);
        RwLock { inner: Inner::Constant(inner), resource: Resource::const_new(LOCK) }
    }

    /// Waits until nobody writes, and reads.
    ///
    /// # Cancel safety
    /// Who is cancelled loses its place in the queue, and nothing else.
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        let inner = self.resource.act(Operation::Read, self.inner.read()).await;
        RwLockReadGuard { inner, held: self.resource.hold(1) }
    }

    /// Waits until nobody else reads or writes, and writes.
    ///
    /// # Cancel safety
    /// Who is cancelled loses its place in the queue, and nothing else.
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        let inner = self.resource.act(Operation::Write, self.inner.write()).await;
        RwLockWriteGuard { inner, held: self.resource.hold(1) }
    }

    /// [`RwLock::read`] with a guard that owns the lock.
    ///
    /// # Panics
    /// If it was made in a constant.
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        let inner = self.resource.act(Operation::Read, self.inner.share().read_owned()).await;
        OwnedRwLockReadGuard { inner, held: self.resource.hold(1), lock: self }
    }

    /// [`RwLock::write`] with a guard that owns the lock.
    ///
    /// # Panics
    /// If it was made in a constant.
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        let inner = self.resource.act(Operation::Write, self.inner.share().write_owned()).await;
        OwnedRwLockWriteGuard { inner, held: self.resource.hold(1), lock: self }
    }

    /// Reads if nobody writes.
    ///
    /// # Errors
    /// If somebody does, or waits for that.
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.resource.touch(Access::Write);
        let inner = self.inner.try_read()?;
        Ok(RwLockReadGuard { inner, held: self.resource.hold(1) })
    }

    /// Writes if nobody reads or writes.
    ///
    /// # Errors
    /// If somebody does.
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.resource.touch(Access::Write);
        let inner = self.inner.try_write()?;
        Ok(RwLockWriteGuard { inner, held: self.resource.hold(1) })
    }

    /// [`RwLock::try_read`] with a guard that owns the lock.
    ///
    /// # Errors
    /// If somebody writes, or waits for that.
    ///
    /// # Panics
    /// If it was made in a constant.
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.resource.touch(Access::Write);
        let inner = self.inner.share().try_read_owned()?;
        Ok(OwnedRwLockReadGuard { inner, held: self.resource.hold(1), lock: self })
    }

    /// [`RwLock::try_write`] with a guard that owns the lock.
    ///
    /// # Errors
    /// If somebody reads or writes.
    ///
    /// # Panics
    /// If it was made in a constant.
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.resource.touch(Access::Write);
        let inner = self.inner.share().try_write_owned()?;
        Ok(OwnedRwLockWriteGuard { inner, held: self.resource.hold(1), lock: self })
    }

    /// Reads on a thread that may wait.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        refuse_to_block("`read().await` or `try_read`");
        RwLockReadGuard { inner: self.inner.blocking_read(), held: None }
    }

    /// Writes on a thread that may wait.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        refuse_to_block("`write().await` or `try_write`");
        RwLockWriteGuard { inner: self.inner.blocking_write(), held: None }
    }

    /// The value, without a lock: nobody else has any part of it.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut().get_mut()
    }

    /// The value.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner.into_inner().into_inner()
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.inner).fmt(out)
    }
}
