//! Values that belong to a task.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

/// Declares values that each task has for itself, as `tokio::task_local!`.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, spawn, task_local};
///
/// task_local! {
///     static REQUEST: u32;
/// }
///
/// let seen = Executor::new(ProductionOrder).block_on(async {
///     let first = spawn(REQUEST.scope(1, async { REQUEST.get() }));
///     let second = spawn(REQUEST.scope(2, async { REQUEST.with(|request| request + 10) }));
///     assert!(REQUEST.try_get().is_err());
///     (first.await.unwrap(), second.await.unwrap())
/// });
/// assert_eq!(seen.unwrap(), (1, 12));
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::LocalKey<$type> = {
            ::std::thread_local! {
                static KEY: ::core::cell::RefCell<::core::option::Option<$type>> =
                    const { ::core::cell::RefCell::new(::core::option::Option::None) };
            }
            $crate::LocalKey::of_thread_local(KEY)
        };
        $($crate::task_local!($($rest)*);)?
    };
}

/// A value that belongs to a task, made by [`task_local!`](crate::task_local). It has one only inside of a scope: a future is
/// given one with [`LocalKey::scope`].
pub struct LocalKey<T: 'static> {
    /// Holds the value while the future of a scope is polled. Between polls there is nothing in it.
    current: thread::LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    /// What [`task_local!`](crate::task_local) calls.
    #[doc(hidden)]
    #[must_use]
    pub const fn of_thread_local(current: thread::LocalKey<RefCell<Option<T>>>) -> Self {
        LocalKey { current }
    }

    /// Gives a future a value, for as long as it lives.
    pub fn scope<F>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F>
    where
        F: Future,
    {
        TaskLocalFuture { key: self, value: Some(value), future: Some(future) }
    }

    /// Gives a function a value.
    ///
    /// # Panics
    /// While the value is borrowed by [`LocalKey::with`].
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, function: F) -> R
    where
        F: FnOnce() -> R,
    {
        self.swapped(&mut Some(value), function)
    }

    /// Calls `function` while the value lies in the thread-local.
    #[track_caller]
    fn swapped<R>(&'static self, value: &mut Option<T>, function: impl FnOnce() -> R) -> R {
        if self.swap(value).is_err() {
            panic!("cannot enter a task-local scope while the task-local storage is borrowed");
        }
        let _back = SwapBack { key: self, value };
        function()
    }

    fn swap(&'static self, value: &mut Option<T>) -> Result<(), Borrowed> {
        self.current.with(|current| {
            let mut current = current.try_borrow_mut().map_err(|_| Borrowed)?;
            std::mem::swap(&mut *current, value);
            Ok(())
        })
    }

    /// Calls `function` with the value.
    ///
    /// # Panics
    /// Outside of a scope.
    #[track_caller]
    pub fn with<F, R>(&'static self, function: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(function) {
            Ok(result) => result,
            Err(AccessError { .. }) => {
                panic!("cannot access a task-local storage value without setting it first")
            }
        }
    }

    /// Calls `function` with the value.
    ///
    /// # Errors
    /// Outside of a scope.
    pub fn try_with<F, R>(&'static self, function: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        self.current.with(|current| current.borrow().as_ref().map(function)).ok_or(AccessError { hidden: () })
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// A clone of the value.
    ///
    /// # Panics
    /// Outside of a scope.
    #[must_use]
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// A clone of the value.
    ///
    /// # Errors
    /// Outside of a scope.
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad("LocalKey { .. }")
    }
}

struct Borrowed;

/// Takes the value out of the thread-local, also when what was called panics.
struct SwapBack<'value, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'value mut Option<T>,
}

impl<T: 'static> Drop for SwapBack<'_, T> {
    fn drop(&mut self) {
        // Only a borrow by `with` that outlives its closure could make this fail.
        let _ = self.key.swap(self.value);
    }
}

pin_project_lite::pin_project! {
    /// The future of [`LocalKey::scope`].
    #[must_use = "a future does nothing until it is awaited"]
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut future = this.future;
            if future.is_some() && this.key.swap(this.value).is_ok() {
                let _back = SwapBack { key: *this.key, value: this.value };
                future.set(None);
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out; the future has none from then on. `None` if that was done before.
    #[must_use]
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        this.key.swapped(this.value, || {
            let polled = future.as_mut().as_pin_mut().map(|future| future.poll(context));
            let polled = polled.expect("`TaskLocalFuture` polled after completion");
            if polled.is_ready() {
                // Its `Drop` finds the value, too.
                future.set(None);
            }
            polled
        })
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("TaskLocalFuture");
        match &self.value {
            Some(value) => shown.field("value", value),
            None => shown.field("value", &format_args!("<missing>")),
        };
        shown.finish()
    }
}

/// The task has no such value: the access was outside of a scope.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("task-local value not set")]
pub struct AccessError {
    hidden: (),
}

impl fmt::Debug for AccessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AccessError").finish()
    }
}
