//! A cell that is written once.

use std::fmt;
use std::future::Future;

use sim_executor::Access;
use tokio::sync as tokios;
use tokio::sync::SetError;

use super::operation::Operation;
use super::resource::{Kind, Resource};

const CELL: Kind = Kind::new("once cell");

/// A cell that is written once, by a future if need be: `tokio::sync::OnceCell`. To initialise it is a decision point.
pub struct OnceCell<T> {
    inner: tokios::OnceCell<T>,
    resource: Resource,
}

impl<T> OnceCell<T> {
    /// An empty cell.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        OnceCell { inner: tokios::OnceCell::new(), resource: Resource::new(CELL) }
    }

    /// An empty cell, for a `static`.
    #[track_caller]
    #[must_use]
    pub const fn const_new() -> Self {
        OnceCell { inner: tokios::OnceCell::const_new(), resource: Resource::const_new(CELL) }
    }

    /// A cell that may have its value already.
    #[track_caller]
    #[must_use]
    pub fn new_with(value: Option<T>) -> Self {
        OnceCell { inner: tokios::OnceCell::new_with(value), resource: Resource::new(CELL) }
    }

    /// A cell with its value, for a `static`.
    #[track_caller]
    #[must_use]
    pub const fn const_new_with(value: T) -> Self {
        OnceCell { inner: tokios::OnceCell::const_new_with(value), resource: Resource::const_new(CELL) }
    }

    /// Whether it has its value.
    #[must_use]
    pub fn initialized(&self) -> bool {
        self.resource.touch(Access::Read);
        self.inner.initialized()
    }

    /// The value, if it has one.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.resource.touch(Access::Read);
        self.inner.get()
    }

    /// The value, if it has one.
    #[must_use]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// Gives it its value.
    ///
    /// # Errors
    /// If it has one, or gets one just now; with the value.
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        self.resource.touch(Access::Write);
        self.inner.set(value)
    }

    /// The value, which this function makes if there is none. If another task is at that, it is waited for.
    pub async fn get_or_init<F: FnOnce() -> Fut, Fut: Future<Output = T>>(&self, init: F) -> &T {
        self.resource.point(Operation::Initialise).await;
        self.resource.touch(Access::Write);
        self.inner.get_or_init(init).await
    }

    /// The value, which this function makes if there is none. If another task is at that, it is waited for.
    ///
    /// # Errors
    /// What the function says.
    pub async fn get_or_try_init<E, F: FnOnce() -> Fut, Fut: Future<Output = Result<T, E>>>(
        &self,
        init: F,
    ) -> Result<&T, E> {
        self.resource.point(Operation::Initialise).await;
        self.resource.touch(Access::Write);
        self.inner.get_or_try_init(init).await
    }

    /// The value, if it has one.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Takes its value, if it has one.
    #[must_use]
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }
}

impl<T> Default for OnceCell<T> {
    #[track_caller]
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        OnceCell::new_with(Some(value))
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        OnceCell::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
