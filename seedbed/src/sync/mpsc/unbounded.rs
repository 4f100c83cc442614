//! Channels with room for any number of values.

use std::sync::Arc;

use tokio::sync::mpsc as tokios;

use super::super::known::Side;
use super::super::operation::Operation;
use super::super::resource::{Resource, refuse_to_block};
use super::super::shell::shell;
use super::CHANNEL;
use super::error::{SendError, TryRecvError};
use super::receiver::receive;

/// A channel with room for any number of values: `tokio::sync::mpsc::unbounded_channel`.
#[track_caller]
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = tokios::unbounded_channel();
    let resource = Arc::new(Resource::new(CHANNEL));
    (
        UnboundedSender { inner: sender, resource: Arc::clone(&resource) },
        UnboundedReceiver { inner: receiver, resource },
    )
}

/// The sending end: `tokio::sync::mpsc::UnboundedSender`.
pub struct UnboundedSender<T> {
    inner: tokios::UnboundedSender<T>,
    resource: Arc<Resource>,
}

shell!(UnboundedSender: Clone, Into);

impl<T> UnboundedSender<T> {
    /// Sends a value. It never waits.
    ///
    /// # Errors
    /// If the receiver is gone, or was closed; with the value.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.resource.touch_at(Side::Sender);
        self.inner.send(value)
    }

    /// Waits until the receiver is gone, or was closed.
    pub async fn closed(&self) {
        self.resource.act(Operation::Closed, self.inner.closed()).await;
    }

    /// A sender that does not keep the channel open.
    #[must_use = "it does nothing by itself"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { inner: self.inner.downgrade(), resource: Arc::clone(&self.resource) }
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Tokio's sender, for a library that takes that.
    #[must_use]
    pub fn into_inner(self) -> tokios::UnboundedSender<T> {
        self.inner
    }
}

/// A sender that does not keep its channel open: `tokio::sync::mpsc::WeakUnboundedSender`.
pub struct WeakUnboundedSender<T> {
    inner: tokios::WeakUnboundedSender<T>,
    resource: Arc<Resource>,
}

shell!(WeakUnboundedSender: Clone);

impl<T> WeakUnboundedSender<T> {
    /// A sender, if another one is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        Some(UnboundedSender { inner: self.inner.upgrade()?, resource: Arc::clone(&self.resource) })
    }
}

/// The receiving end: `tokio::sync::mpsc::UnboundedReceiver`.
pub struct UnboundedReceiver<T> {
    inner: tokios::UnboundedReceiver<T>,
    resource: Arc<Resource>,
}

shell!(UnboundedReceiver: DerefMut, Into);

impl<T> UnboundedReceiver<T> {
    receive!();

    /// Tokio's receiver, for a library that takes that.
    #[must_use]
    pub fn into_inner(self) -> tokios::UnboundedReceiver<T> {
        self.inner
    }
}
