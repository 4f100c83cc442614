//! Tokio's channels of many senders, with a sender that knows the run's clock.
//!
//! A bounded [`Sender`] is tokio's with another [`send_timeout`](Sender::send_timeout), which waits in virtual time, and
//! [`blocking_send`](Sender::blocking_send), which refuses to stop the thread of a run. All else it has from tokio's, to which it
//! dereferences; `into_inner` and `From` change one into the other, for libraries that take tokio's. The receivers and the
//! unbounded channels are tokio's own.
//!
//! ```
//! use seedbed::{Executor, ProductionOrder, sync::mpsc, time::Duration};
//!
//! let refused = Executor::new(ProductionOrder).block_on(async {
//!     let (sender, _receiver) = mpsc::channel(1);
//!     sender.send("first").await.unwrap();
//!     sender.send_timeout("second", Duration::from_secs(60)).await
//! });
//! assert_eq!(refused.unwrap().unwrap_err().into_inner(), "second");
//! ```

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use sim_executor::{context, time};
use tokio::sync::mpsc as tokio_mpsc;

use error::{SendError, SendTimeoutError, TrySendError};

pub use tokio_mpsc::{
    Permit, PermitIterator, Receiver, UnboundedReceiver, UnboundedSender, WeakUnboundedSender,
    unbounded_channel,
};

/// Why something could not be sent or received.
pub mod error {
    use std::error::Error;
    use std::fmt;

    pub use tokio::sync::mpsc::error::*;

    /// A value that could not be sent in time.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub enum SendTimeoutError<T> {
        /// There was no room in time.
        Timeout(T),
        /// The receiver is gone, or was closed.
        Closed(T),
    }

    impl<T> SendTimeoutError<T> {
        /// The value.
        pub fn into_inner(self) -> T {
            match self {
                SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => value,
            }
        }
    }

    impl<T> fmt::Debug for SendTimeoutError<T> {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(match self {
                SendTimeoutError::Timeout(_) => "Timeout(..)",
                SendTimeoutError::Closed(_) => "Closed(..)",
            })
        }
    }

    impl<T> fmt::Display for SendTimeoutError<T> {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(match self {
                SendTimeoutError::Timeout(_) => "timed out waiting on send operation",
                SendTimeoutError::Closed(_) => "channel closed",
            })
        }
    }

    impl<T> Error for SendTimeoutError<T> {}
}

/// A channel with room for so many values: `tokio::sync::mpsc::channel`.
///
/// # Panics
/// If there is room for none, or for more than [`Semaphore::MAX_PERMITS`](super::Semaphore::MAX_PERMITS).
#[must_use]
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio_mpsc::channel(buffer);
    (Sender(sender), receiver)
}

/// The sending end of a bounded channel: `tokio::sync::mpsc::Sender`.
pub struct Sender<T>(tokio_mpsc::Sender<T>);

impl<T> Sender<T> {
    /// Sends a value, if there is room for it within `timeout` of virtual time.
    ///
    /// # Errors
    /// If there was no room in time, or if the receiver is gone; with the value.
    ///
    /// # Panics
    /// When awaited outside a run.
    pub async fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match time::timeout(timeout, self.reserve()).await {
            Err(_) => Err(SendTimeoutError::Timeout(value)),
            Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
        }
    }

    /// Sends a value from a thread that may wait.
    ///
    /// # Errors
    /// If the receiver is gone; with the value.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still, as tokio's panics in a runtime.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        assert!(
            !context::in_run(),
            "Cannot block the current thread from within a run: use `send(…).await` or `try_send`"
        );
        self.0.blocking_send(value)
    }

    /// Waits for room for one value, and keeps it with the sender.
    ///
    /// # Errors
    /// If the receiver is gone.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.0.reserve_owned().await.map(OwnedPermit)
    }

    /// Keeps room for one value, if there is, with the sender.
    ///
    /// # Errors
    /// If there is no room, or if the receiver is gone; with the sender.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        self.0.try_reserve_owned().map(OwnedPermit).map_err(|error| match error {
            TrySendError::Full(sender) => TrySendError::Full(Sender(sender)),
            TrySendError::Closed(sender) => TrySendError::Closed(Sender(sender)),
        })
    }

    /// A sender that does not keep the channel open.
    #[must_use = "it does nothing by itself"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender(self.0.downgrade())
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Tokio's sender, for a library that takes that.
    #[must_use]
    pub fn into_inner(self) -> tokio_mpsc::Sender<T> {
        self.0
    }
}

impl<T> Deref for Sender<T> {
    type Target = tokio_mpsc::Sender<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> From<tokio_mpsc::Sender<T>> for Sender<T> {
    fn from(sender: tokio_mpsc::Sender<T>) -> Self {
        Sender(sender)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender(self.0.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A sender that does not keep its channel open: `tokio::sync::mpsc::WeakSender`.
pub struct WeakSender<T>(tokio_mpsc::WeakSender<T>);

impl<T> WeakSender<T> {
    /// A sender, if another one is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.0.upgrade().map(Sender)
    }
}

impl<T> Deref for WeakSender<T> {
    type Target = tokio_mpsc::WeakSender<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        WeakSender(self.0.clone())
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Room for one value, with the sender: `tokio::sync::mpsc::OwnedPermit`.
pub struct OwnedPermit<T>(tokio_mpsc::OwnedPermit<T>);

impl<T> OwnedPermit<T> {
    /// Sends a value, and gives the sender back.
    pub fn send(self, value: T) -> Sender<T> {
        Sender(self.0.send(value))
    }

    /// Gives the room back, and the sender.
    #[expect(clippy::must_use_candidate, reason = "most call it for the room")]
    pub fn release(self) -> Sender<T> {
        Sender(self.0.release())
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Whether it belongs to the sender's channel.
    #[must_use]
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.0.same_channel_as_sender(&sender.0)
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
