//! The guards that own their lock.

use std::sync::Arc;

use tokio::sync as tokios;

use super::super::guard::guard;
use super::super::known::Held;
use super::RwLock;

/// Reads an [`RwLock`] and owns it: `tokio::sync::OwnedRwLockReadGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct OwnedRwLockReadGuard<T, U: ?Sized = T> {
    pub(super) inner: tokios::OwnedRwLockReadGuard<T, U>,
    pub(super) held: Option<Held>,
    pub(super) lock: Arc<RwLock<T>>,
}

guard!([T, U: ?Sized] OwnedRwLockReadGuard<T, U>, U);

impl<T, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// A guard of a part of the value.
    pub fn map<F: FnOnce(&U) -> &V, V: ?Sized>(this: Self, part: F) -> OwnedRwLockReadGuard<T, V> {
        let OwnedRwLockReadGuard { inner, held, lock } = this;
        OwnedRwLockReadGuard { inner: tokios::OwnedRwLockReadGuard::map(inner, part), held, lock }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&U) -> Option<&V>, V: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<OwnedRwLockReadGuard<T, V>, Self> {
        let OwnedRwLockReadGuard { inner, held, lock } = this;
        match tokios::OwnedRwLockReadGuard::try_map(inner, part) {
            Ok(inner) => Ok(OwnedRwLockReadGuard { inner, held, lock }),
            Err(inner) => Err(OwnedRwLockReadGuard { inner, held, lock }),
        }
    }

    /// Its lock.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

/// Writes an [`RwLock`] and owns it: `tokio::sync::OwnedRwLockWriteGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct OwnedRwLockWriteGuard<T> {
    pub(super) inner: tokios::OwnedRwLockWriteGuard<T>,
    pub(super) held: Option<Held>,
    pub(super) lock: Arc<RwLock<T>>,
}

guard!(mut [T] OwnedRwLockWriteGuard<T>, T);

impl<T> OwnedRwLockWriteGuard<T> {
    /// A guard of a part of the value.
    pub fn map<F: FnOnce(&mut T) -> &mut U, U: ?Sized>(
        this: Self,
        part: F,
    ) -> OwnedRwLockMappedWriteGuard<T, U> {
        let OwnedRwLockWriteGuard { inner, held, lock } = this;
        OwnedRwLockMappedWriteGuard { inner: tokios::OwnedRwLockWriteGuard::map(inner, part), held, lock }
    }

    /// A guard of a reader of a part of the value.
    pub fn downgrade_map<F: FnOnce(&T) -> &U, U: ?Sized>(this: Self, part: F) -> OwnedRwLockReadGuard<T, U> {
        let OwnedRwLockWriteGuard { inner, held, lock } = this;
        OwnedRwLockReadGuard { inner: tokios::OwnedRwLockWriteGuard::downgrade_map(inner, part), held, lock }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&mut T) -> Option<&mut U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self> {
        let OwnedRwLockWriteGuard { inner, held, lock } = this;
        match tokios::OwnedRwLockWriteGuard::try_map(inner, part) {
            Ok(inner) => Ok(OwnedRwLockMappedWriteGuard { inner, held, lock }),
            Err(inner) => Err(OwnedRwLockWriteGuard { inner, held, lock }),
        }
    }

    /// A guard of a reader of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_downgrade_map<F: FnOnce(&T) -> Option<&U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self> {
        let OwnedRwLockWriteGuard { inner, held, lock } = this;
        match tokios::OwnedRwLockWriteGuard::try_downgrade_map(inner, part) {
            Ok(inner) => Ok(OwnedRwLockReadGuard { inner, held, lock }),
            Err(inner) => Err(OwnedRwLockWriteGuard { inner, held, lock }),
        }
    }

    /// A guard of the whole value as one of a part.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        let OwnedRwLockWriteGuard { inner, held, lock } = this;
        OwnedRwLockMappedWriteGuard { inner: tokios::OwnedRwLockWriteGuard::into_mapped(inner), held, lock }
    }

    /// The writer becomes a reader, and nobody writes in between.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockReadGuard { inner: self.inner.downgrade(), held: self.held, lock: self.lock }
    }

    /// Its lock.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

/// Writes a part of the value of an [`RwLock`] and owns that: `tokio::sync::OwnedRwLockMappedWriteGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct OwnedRwLockMappedWriteGuard<T, U: ?Sized = T> {
    inner: tokios::OwnedRwLockMappedWriteGuard<T, U>,
    held: Option<Held>,
    lock: Arc<RwLock<T>>,
}

guard!(mut [T, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U>, U);

impl<T, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// A guard of a part of that.
    pub fn map<F: FnOnce(&mut U) -> &mut V, V: ?Sized>(
        this: Self,
        part: F,
    ) -> OwnedRwLockMappedWriteGuard<T, V> {
        let OwnedRwLockMappedWriteGuard { inner, held, lock } = this;
        OwnedRwLockMappedWriteGuard {
            inner: tokios::OwnedRwLockMappedWriteGuard::map(inner, part),
            held,
            lock,
        }
    }

    /// A guard of a part of that.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&mut U) -> Option<&mut V>, V: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self> {
        let OwnedRwLockMappedWriteGuard { inner, held, lock } = this;
        match tokios::OwnedRwLockMappedWriteGuard::try_map(inner, part) {
            Ok(inner) => Ok(OwnedRwLockMappedWriteGuard { inner, held, lock }),
            Err(inner) => Err(OwnedRwLockMappedWriteGuard { inner, held, lock }),
        }
    }

    /// Its lock.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}
