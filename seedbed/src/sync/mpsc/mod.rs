//! Tokio's channels of many senders, whose ends know the run: its clock, its decision points, and what to say in a report.
//!
//! [`Sender::send_timeout`] waits in virtual time, and what would stop the thread of a run is refused. To send and to receive are
//! decision points. All that is not here the ends have from tokio's, to which they dereference; `into_inner` and `From` change one
//! into the other, for libraries that take tokio's.
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

use std::sync::Arc;

use tokio::sync::mpsc as tokios;

use super::resource::{Kind, Resource};

mod receiver;
mod sender;
mod unbounded;

pub use receiver::Receiver;
pub use sender::{OwnedPermit, Sender, WeakSender};
pub use tokio::sync::mpsc::{Permit, PermitIterator};
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

const CHANNEL: Kind = Kind::new("channel");

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
    ends(buffer, Resource::new(CHANNEL))
}

/// The same, with a name for reports.
///
/// # Panics
/// As [`channel`].
#[must_use]
#[track_caller]
pub fn named_channel<T>(name: impl Into<String>, buffer: usize) -> (Sender<T>, Receiver<T>) {
    ends(buffer, Resource::named(CHANNEL, name.into()))
}

#[track_caller]
fn ends<T>(buffer: usize, resource: Resource) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokios::channel(buffer);
    let resource = Arc::new(resource);
    (Sender { inner: sender, resource: Arc::clone(&resource) }, Receiver { inner: receiver, resource })
}
