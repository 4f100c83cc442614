//! The guards of a writer.

use tokio::sync as tokios;

use super::super::guard::guard;
use super::super::known::Held;
use super::read::RwLockReadGuard;

/// Writes an [`RwLock`](super::RwLock) until it is dropped: `tokio::sync::RwLockWriteGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    pub(super) inner: tokios::RwLockWriteGuard<'a, T>,
    pub(super) held: Option<Held>,
}

guard!(mut ['a, T: ?Sized] RwLockWriteGuard<'a, T>, T);

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// A guard of a part of the value.
    pub fn map<F: FnOnce(&mut T) -> &mut U, U: ?Sized>(this: Self, part: F) -> RwLockMappedWriteGuard<'a, U> {
        RwLockMappedWriteGuard { inner: tokios::RwLockWriteGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a reader of a part of the value.
    pub fn downgrade_map<F: FnOnce(&T) -> &U, U: ?Sized>(this: Self, part: F) -> RwLockReadGuard<'a, U> {
        RwLockReadGuard { inner: tokios::RwLockWriteGuard::downgrade_map(this.inner, part), held: this.held }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&mut T) -> Option<&mut U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self> {
        let RwLockWriteGuard { inner, held } = this;
        match tokios::RwLockWriteGuard::try_map(inner, part) {
            Ok(inner) => Ok(RwLockMappedWriteGuard { inner, held }),
            Err(inner) => Err(RwLockWriteGuard { inner, held }),
        }
    }

    /// A guard of a reader of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_downgrade_map<F: FnOnce(&T) -> Option<&U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        let RwLockWriteGuard { inner, held } = this;
        match tokios::RwLockWriteGuard::try_downgrade_map(inner, part) {
            Ok(inner) => Ok(RwLockReadGuard { inner, held }),
            Err(inner) => Err(RwLockWriteGuard { inner, held }),
        }
    }

    /// A guard of the whole value as one of a part.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { inner: tokios::RwLockWriteGuard::into_mapped(this.inner), held: this.held }
    }

    /// The writer becomes a reader, and nobody writes in between.
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { inner: self.inner.downgrade(), held: self.held }
    }
}

/// Writes a part of the value of an [`RwLock`](super::RwLock): `tokio::sync::RwLockMappedWriteGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    inner: tokios::RwLockMappedWriteGuard<'a, T>,
    held: Option<Held>,
}

guard!(mut ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T>, T);

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// A guard of a part of that.
    pub fn map<F: FnOnce(&mut T) -> &mut U, U: ?Sized>(this: Self, part: F) -> RwLockMappedWriteGuard<'a, U> {
        RwLockMappedWriteGuard {
            inner: tokios::RwLockMappedWriteGuard::map(this.inner, part),
            held: this.held,
        }
    }

    /// A guard of a part of that.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&mut T) -> Option<&mut U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self> {
        let RwLockMappedWriteGuard { inner, held } = this;
        match tokios::RwLockMappedWriteGuard::try_map(inner, part) {
            Ok(inner) => Ok(RwLockMappedWriteGuard { inner, held }),
            Err(inner) => Err(RwLockMappedWriteGuard { inner, held }),
        }
    }
}
