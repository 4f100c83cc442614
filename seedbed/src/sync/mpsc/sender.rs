//! The sending end of a bounded channel.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sim_executor::time;
use tokio::sync::mpsc as tokios;

use super::super::known::Side;
use super::super::operation::Operation;
use super::super::resource::{Resource, refuse_to_block};
use super::super::shell::shell;
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::{CHANNEL, Permit, PermitIterator};

/// The sending end of a bounded channel: `tokio::sync::mpsc::Sender`.
pub struct Sender<T> {
    pub(super) inner: tokios::Sender<T>,
    pub(super) resource: Arc<Resource>,
}

shell!(Sender: Clone, Into);

impl<T> Sender<T> {
    async fn act<F: Future>(&self, future: F) -> F::Output {
        self.resource.touch_at(Side::Sender);
        self.resource.act(Operation::Send, future).await
    }

    /// Waits for room, and sends a value.
    ///
    /// # Errors
    /// If the receiver is gone, or was closed; with the value.
    ///
    /// # Cancel safety
    /// Who is cancelled has sent nothing, and loses its place in the queue.
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.act(self.inner.send(value)).await
    }

    /// Waits for room for one value, and keeps it.
    ///
    /// # Errors
    /// If the receiver is gone, or was closed.
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.act(self.inner.reserve()).await
    }

    /// Waits for room for so many values, and keeps it.
    ///
    /// # Errors
    /// If the receiver is gone, or was closed.
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.act(self.inner.reserve_many(n)).await
    }

    /// Waits until the receiver is gone, or was closed.
    pub async fn closed(&self) {
        self.resource.act(Operation::Closed, self.inner.closed()).await;
    }

    /// Sends a value, if there is room.
    ///
    /// # Errors
    /// If there is none, or the receiver is gone; with the value.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.resource.touch_at(Side::Sender);
        self.inner.try_send(value)
    }

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
        refuse_to_block("`send(…).await` or `try_send`");
        self.inner.blocking_send(value)
    }

    /// Waits for room for one value, and keeps it with the sender.
    ///
    /// # Errors
    /// If the receiver is gone.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        let Sender { inner, resource } = self;
        resource.touch_at(Side::Sender);
        let inner = resource.act(Operation::Send, inner.reserve_owned()).await?;
        Ok(OwnedPermit { inner, resource })
    }

    /// Keeps room for one value, if there is, with the sender.
    ///
    /// # Errors
    /// If there is no room, or if the receiver is gone; with the sender.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let Sender { inner, resource } = self;
        resource.touch_at(Side::Sender);
        match inner.try_reserve_owned() {
            Ok(inner) => Ok(OwnedPermit { inner, resource }),
            Err(TrySendError::Full(inner)) => Err(TrySendError::Full(Sender { inner, resource })),
            Err(TrySendError::Closed(inner)) => Err(TrySendError::Closed(Sender { inner, resource })),
        }
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

    /// Tokio's sender, for a library that takes that.
    #[must_use]
    pub fn into_inner(self) -> tokios::Sender<T> {
        self.inner
    }
}

impl<T> From<tokios::Sender<T>> for Sender<T> {
    #[track_caller]
    fn from(inner: tokios::Sender<T>) -> Self {
        Sender { inner, resource: Arc::new(Resource::new(CHANNEL)) }
    }
}

/// A sender that does not keep its channel open: `tokio::sync::mpsc::WeakSender`.
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

/// Room for one value, with the sender: `tokio::sync::mpsc::OwnedPermit`.
pub struct OwnedPermit<T> {
    inner: tokios::OwnedPermit<T>,
    resource: Arc<Resource>,
}

impl<T> OwnedPermit<T> {
    /// Sends a value, and gives the sender back.
    pub fn send(self, value: T) -> Sender<T> {
        self.resource.touch_at(Side::Sender);
        Sender { inner: self.inner.send(value), resource: self.resource }
    }

    /// Gives the room back, and the sender.
    #[expect(clippy::must_use_candidate, reason = "most call it for the room")]
    pub fn release(self) -> Sender<T> {
        Sender { inner: self.inner.release(), resource: self.resource }
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Whether it belongs to the sender's channel.
    #[must_use]
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.inner.same_channel_as_sender(&sender.inner)
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
