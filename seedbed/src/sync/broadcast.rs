//! A channel whose every receiver gets every value, and says what it waits for.
//!
//! All that is not here the ends have from tokio's, to which they dereference; `into_inner` and `From` change them into these, for
//! libraries that take them.

use std::sync::Arc;

use tokio::sync::broadcast as tokios;

use super::known::Side;
use super::operation::Operation;
use super::resource::{Kind, Resource, refuse_to_block};
use super::shell::shell;

pub use tokio::sync::broadcast::error;

use error::{RecvError, SendError, TryRecvError};

const CHANNEL: Kind = Kind::new("broadcast channel");

/// A channel that keeps so many values for its slowest receiver: `tokio::sync::broadcast::channel`. To receive is a decision point.
///
/// # Panics
/// If it keeps none, or more than half of what a number of this machine can say.
#[track_caller]
#[must_use]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokios::channel(capacity);
    let resource = Arc::new(Resource::new(CHANNEL));
    (Sender { inner: sender, resource: Arc::clone(&resource) }, Receiver { inner: receiver, resource })
}

/// The sending end: `tokio::sync::broadcast::Sender`.
pub struct Sender<T> {
    inner: tokios::Sender<T>,
    resource: Arc<Resource>,
}

shell!(Sender: Clone, Into);

impl<T> Sender<T> {
    /// A channel without a receiver.
    ///
    /// # Panics
    /// As [`channel`].
    #[track_caller]
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Sender { inner: tokios::Sender::new(capacity), resource: Arc::new(Resource::new(CHANNEL)) }
    }

    /// Sends a value to all receivers; says how many these are.
    ///
    /// # Errors
    /// If there is no receiver; with the value.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.resource.touch_at(Side::Sender);
        self.inner.send(value)
    }

    /// Another receiver, which gets what is sent from now on.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { inner: self.inner.subscribe(), resource: Arc::clone(&self.resource) }
    }

    /// A sender that does not keep the channel open.
    #[must_use = "it does nothing by itself"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade(), resource: Arc::clone(&self.resource) }
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Waits until there is no receiver.
    pub async fn closed(&self) {
        self.resource.act(Operation::Closed, self.inner.closed()).await;
    }

    /// Tokio's sender.
    #[must_use]
    pub fn into_inner(self) -> tokios::Sender<T> {
        self.inner
    }
}

/// A sender that does not keep its channel open: `tokio::sync::broadcast::WeakSender`.
pub struct WeakSender<T> {
    inner: tokios::WeakSender<T>,
    resource: Arc<Resource>,
}

shell!(WeakSender: Clone);

impl<T> WeakSender<T> {
    /// A sender, if another one is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        Some(Sender { inner: self.inner.upgrade()?, resource: Arc::clone(&self.resource) })
    }
}

/// A receiving end: `tokio::sync::broadcast::Receiver`.
pub struct Receiver<T> {
    inner: tokios::Receiver<T>,
    resource: Arc<Resource>,
}

shell!(Receiver: DerefMut, Into);

impl<T> Receiver<T> {
    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Tokio's receiver.
    #[must_use]
    pub fn into_inner(self) -> tokios::Receiver<T> {
        self.inner
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver, which gets what is sent from now on.
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        Receiver { inner: self.inner.resubscribe(), resource: Arc::clone(&self.resource) }
    }

    /// Waits for the next value.
    ///
    /// # Errors
    /// If all senders are gone, or if this receiver was too slow for the channel.
    ///
    /// # Cancel safety
    /// It is cancel safe.
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        self.resource.act(Operation::Receive, self.inner.recv()).await
    }

    /// The next value, if it is there.
    ///
    /// # Errors
    /// If there is none yet; else as [`Receiver::recv`].
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.resource.touch_at(Side::Receiver);
        self.inner.try_recv()
    }

    /// Waits for the next value on a thread that may wait.
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        refuse_to_block("`recv().await` or `try_recv`");
        self.inner.blocking_recv()
    }
}
