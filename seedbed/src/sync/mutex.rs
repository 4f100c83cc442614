//! A lock that says who has it.

use std::fmt;
use std::sync::Arc;

use sim_executor::Access;
use tokio::sync as tokios;
use tokio::sync::TryLockError;

use super::guard::guard;
use super::inner::Inner;
use super::known::Held;
use super::operation::Operation;
use super::resource::{Kind, Resource, refuse_to_block};

const LOCK: Kind = Kind::new("lock");

/// A lock: `tokio::sync::Mutex`. To take it is a decision point, and a report names it and who has it:
/// `waits for lock "accounts" held by bank/teller#2 since 0.027`.
///
/// ```
/// use seedbed::{Executor, ProductionOrder, spawn, sync::Mutex};
/// use std::sync::Arc;
///
/// let total = Executor::new(ProductionOrder).block_on(async {
///     let total = Arc::new(Mutex::named("total", 0));
///     let other = Arc::clone(&total);
///     spawn(async move { *other.lock().await += 2 }).await.unwrap();
///     *total.lock().await += 3;
///     *total.lock().await
/// });
/// assert_eq!(total.unwrap(), 5);
/// ```
pub struct Mutex<T> {
    inner: Inner<tokios::Mutex<T>>,
    resource: Resource,
}

impl<T> Mutex<T> {
    /// A lock on this value.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        Mutex { inner: Inner::new(tokios::Mutex::new(value)), resource: Resource::new(LOCK) }
    }

    /// The same, with a name for reports.
    #[track_caller]
    #[must_use]
    pub fn named(name: impl Into<String>, value: T) -> Self {
        Mutex { inner: Inner::new(tokios::Mutex::new(value)), resource: Resource::named(LOCK, name.into()) }
    }

    /// The same in a constant, for a `static`. It has no owned guards.
    #[track_caller]
    #[must_use]
    pub const fn const_new(value: T) -> Self {
        Mutex { inner: Inner::Constant(tokios::Mutex::const_new(value)), resource: Resource::const_new(LOCK) }
    }

    /// Waits until it is free, and takes it.
    ///
    /// # Cancel safety
    /// Who is cancelled loses its place in the queue, and nothing else.
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        let inner = self.resource.act(Operation::Lock, self.inner.lock()).await;
        self.guard(inner)
    }

    fn guard<'a>(&'a self, inner: tokios::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        MutexGuard { inner, held: self.resource.hold(1), lock: self }
    }

    /// The same with a guard that owns the lock.
    ///
    /// # Panics
    /// If it was made by [`Mutex::const_new`].
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        let inner = self.resource.act(Operation::Lock, self.inner.share().lock_owned()).await;
        OwnedMutexGuard { inner, held: self.resource.hold(1), lock: self }
    }

    /// Takes it if it is free.
    ///
    /// # Errors
    /// If it is not.
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.resource.touch(Access::Write);
        self.inner.try_lock().map(|inner| self.guard(inner))
    }

    /// The same with a guard that owns the lock.
    ///
    /// # Errors
    /// If it is not free.
    ///
    /// # Panics
    /// If it was made by [`Mutex::const_new`].
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.resource.touch(Access::Write);
        let inner = self.inner.share().try_lock_owned()?;
        Ok(OwnedMutexGuard { inner, held: self.resource.hold(1), lock: self })
    }

    /// Takes it on a thread that may wait.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        refuse_to_block("`lock().await` or `try_lock`");
        self.guard(self.inner.blocking_lock())
    }

    /// The same with a guard that owns the lock.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still; if it was made by [`Mutex::const_new`].
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        refuse_to_block("`lock_owned().await` or `try_lock_owned`");
        let inner = self.inner.share().blocking_lock_owned();
        OwnedMutexGuard { inner, held: None, lock: self }
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

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.inner).fmt(out)
    }
}

/// Has a [`Mutex`] until it is dropped: `tokio::sync::MutexGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct MutexGuard<'a, T> {
    inner: tokios::MutexGuard<'a, T>,
    held: Option<Held>,
    lock: &'a Mutex<T>,
}

guard!(mut ['a, T] MutexGuard<'a, T>, T);

impl<'a, T> MutexGuard<'a, T> {
    /// A guard of a part of the value.
    pub fn map<U: ?Sized, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard { inner: tokios::MutexGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<U: ?Sized, F: FnOnce(&mut T) -> Option<&mut U>>(
        this: Self,
        part: F,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        let MutexGuard { inner, held, lock } = this;
        match tokios::MutexGuard::try_map(inner, part) {
            Ok(inner) => Ok(MappedMutexGuard { inner, held }),
            Err(inner) => Err(MutexGuard { inner, held, lock }),
        }
    }

    /// Its lock.
    #[must_use]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.lock
    }
}

/// Has a part of the value of a [`Mutex`]: `tokio::sync::MappedMutexGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    inner: tokios::MappedMutexGuard<'a, T>,
    held: Option<Held>,
}

guard!(mut ['a, T: ?Sized] MappedMutexGuard<'a, T>, T);

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// A guard of a part of that.
    pub fn map<U, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard { inner: tokios::MappedMutexGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a part of that.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<U, F: FnOnce(&mut T) -> Option<&mut U>>(
        this: Self,
        part: F,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        let MappedMutexGuard { inner, held } = this;
        match tokios::MappedMutexGuard::try_map(inner, part) {
            Ok(inner) => Ok(MappedMutexGuard { inner, held }),
            Err(inner) => Err(MappedMutexGuard { inner, held }),
        }
    }
}

/// Has a [`Mutex`] and owns it: `tokio::sync::OwnedMutexGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct OwnedMutexGuard<T> {
    inner: tokios::OwnedMutexGuard<T>,
    held: Option<Held>,
    lock: Arc<Mutex<T>>,
}

guard!(mut [T] OwnedMutexGuard<T>, T);

impl<T> OwnedMutexGuard<T> {
    /// A guard of a part of the value.
    pub fn map<U: ?Sized, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> OwnedMappedMutexGuard<T, U> {
        OwnedMappedMutexGuard { inner: tokios::OwnedMutexGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<U: ?Sized, F: FnOnce(&mut T) -> Option<&mut U>>(
        this: Self,
        part: F,
    ) -> Result<OwnedMappedMutexGuard<T, U>, Self> {
        let OwnedMutexGuard { inner, held, lock } = this;
        match tokios::OwnedMutexGuard::try_map(inner, part) {
            Ok(inner) => Ok(OwnedMappedMutexGuard { inner, held }),
            Err(inner) => Err(OwnedMutexGuard { inner, held, lock }),
        }
    }

    /// Its lock.
    #[must_use]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.lock
    }
}

/// Has a part of the value of a [`Mutex`] and owns that: `tokio::sync::OwnedMappedMutexGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct OwnedMappedMutexGuard<T, U: ?Sized = T> {
    inner: tokios::OwnedMappedMutexGuard<T, U>,
    held: Option<Held>,
}

guard!(mut [T, U: ?Sized] OwnedMappedMutexGuard<T, U>, U);

impl<T, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// A guard of a part of that.
    pub fn map<V, F: FnOnce(&mut U) -> &mut V>(this: Self, part: F) -> OwnedMappedMutexGuard<T, V> {
        OwnedMappedMutexGuard { inner: tokios::OwnedMappedMutexGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a part of that.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<V, F: FnOnce(&mut U) -> Option<&mut V>>(
        this: Self,
        part: F,
    ) -> Result<OwnedMappedMutexGuard<T, V>, Self> {
        let OwnedMappedMutexGuard { inner, held } = this;
        match tokios::OwnedMappedMutexGuard::try_map(inner, part) {
            Ok(inner) => Ok(OwnedMappedMutexGuard { inner, held }),
            Err(inner) => Err(OwnedMappedMutexGuard { inner, held }),
        }
    }
}
