//! The guard of a reader.

use tokio::sync as tokios;

use super::super::guard::guard;
use super::super::known::Held;

/// Reads an [`RwLock`](super::RwLock) until it is dropped: `tokio::sync::RwLockReadGuard`.
#[must_use = "if unused the lock is given back at once"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    pub(super) inner: tokios::RwLockReadGuard<'a, T>,
    pub(super) held: Option<Held>,
}

guard!(['a, T: ?Sized] RwLockReadGuard<'a, T>, T);

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// A guard of a part of the value.
    pub fn map<F: FnOnce(&T) -> &U, U: ?Sized>(this: Self, part: F) -> RwLockReadGuard<'a, U> {
        RwLockReadGuard { inner: tokios::RwLockReadGuard::map(this.inner, part), held: this.held }
    }

    /// A guard of a part of the value.
    ///
    /// # Errors
    /// If there is no such part, with the guard.
    pub fn try_map<F: FnOnce(&T) -> Option<&U>, U: ?Sized>(
        this: Self,
        part: F,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        let RwLockReadGuard { inner, held } = this;
        match tokios::RwLockReadGuard::try_map(inner, part) {
            Ok(inner) => Ok(RwLockReadGuard { inner, held }),
            Err(inner) => Err(RwLockReadGuard { inner, held }),
        }
    }
}
