//! A channel that keeps its last value only, whose receivers wake in the order in which they began to wait.
//!
//! It has what `tokio::sync::watch` has, name by name, and is repeatable. As there, `send` cannot go on while a [`Ref`] of the
//! same channel lives: inside of a run that is a panic, since nobody else could end the wait.
//!
//! ```
//! use seedbed::{Executor, ProductionOrder, spawn, sync::watch};
//!
//! let seen = Executor::new(ProductionOrder).block_on(async {
//!     let (sender, mut receiver) = watch::channel("starting");
//!     let watcher = spawn(async move {
//!         receiver.changed().await.unwrap();
//!         *receiver.borrow_and_update()
//!     });
//!     seedbed::yield_now().await;
//!     sender.send("serving").unwrap();
//!     watcher.await.unwrap()
//! });
//! assert_eq!(seen.unwrap(), "serving");
//! ```

mod receiver;
mod sender;
mod shared;

use std::ops::Deref;
use std::sync::{Arc, RwLockReadGuard};

use shared::Shared;

pub use receiver::Receiver;
pub use sender::Sender;

/// What a channel answers when its other end is gone.
pub mod error {
    use std::error::Error;
    use std::fmt;

    /// A value could not be sent, since all receivers are gone; with the value.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct SendError<T>(pub T);

    impl<T> fmt::Debug for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.debug_struct("SendError").finish_non_exhaustive()
        }
    }

    impl<T> fmt::Display for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl<T> Error for SendError<T> {}

    /// No other value will come, since all senders are gone.
    #[derive(Clone, Debug)]
    pub struct RecvError(pub(super) ());

    impl fmt::Display for RecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl Error for RecvError {}
}

/// A new channel with its first value, which the receiver has seen already.
#[must_use]
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(init));
    let receiver = Receiver::of(&shared, shared.version());
    (Sender::of(&shared), receiver)
}

/// The value of a channel, which stays as it is while this lives.
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<T> Ref<'_, T> {
    /// Whether the receiver had not seen this value before it was borrowed; for a sender, no.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
