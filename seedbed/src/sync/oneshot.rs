//! A channel for one value, whose ends say what they wait for.
//!
//! The ends are tokio's, to which `into_inner` and `From` change them, for libraries that take these.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use sim_executor::{Access, DecisionPoint};
use tokio::sync::oneshot as tokios;

use super::known::Side;
use super::operation::Operation;
use super::resource::{Kind, Resource, refuse_to_block};

pub use tokio::sync::oneshot::error;

use error::{RecvError, TryRecvError};

const CHANNEL: Kind = Kind::new("oneshot");

/// A channel for one value: `tokio::sync::oneshot::channel`. To receive from it is a decision point.
#[track_caller]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokios::channel();
    let resource = Arc::new(Resource::new(CHANNEL));
    let point = resource.point(Operation::Receive);
    (Sender { inner: sender, resource: Arc::clone(&resource) }, Receiver { inner: receiver, point, resource })
}

/// The sending end: `tokio::sync::oneshot::Sender`.
pub struct Sender<T> {
    inner: tokios::Sender<T>,
    resource: Arc<Resource>,
}

impl<T> Sender<T> {
    /// Sends the value.
    ///
    /// # Errors
    /// If the receiver is gone, or was closed; with the value.
    pub fn send(self, value: T) -> Result<(), T> {
        self.resource.touch_at(Side::Sender);
        self.inner.send(value)
    }

    /// Waits until the receiver is gone, or was closed.
    pub async fn closed(&mut self) {
        poll_fn(|context| self.poll_closed(context)).await;
    }

    /// Whether the receiver is gone, or was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.resource.touch(Access::Read);
        self.inner.is_closed()
    }

    /// Whether the receiver is gone, or was closed; if not, the task is woken when it is.
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.resource.poll(Operation::Closed, self.inner.poll_closed(context))
    }

    /// Tokio's sender.
    #[must_use]
    pub fn into_inner(self) -> tokios::Sender<T> {
        self.inner
    }
}

impl<T> From<Sender<T>> for tokios::Sender<T> {
    fn from(sender: Sender<T>) -> Self {
        sender.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// The receiving end, a future: `tokio::sync::oneshot::Receiver`.
pub struct Receiver<T> {
    inner: tokios::Receiver<T>,
    point: DecisionPoint,
    resource: Arc<Resource>,
}

impl<T> Receiver<T> {
    /// Lets nobody send any more; what was sent before can be received.
    pub fn close(&mut self) {
        self.resource.touch_at(Side::Receiver);
        self.inner.close();
    }

    /// Whether it is over: it was awaited to its end, or closed with nothing in it.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }

    /// Whether there is nothing in it just now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resource.touch(Access::Read);
        self.inner.is_empty()
    }

    /// The value, if it is there.
    ///
    /// # Errors
    /// If it is not there yet, or will never be.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.resource.touch_at(Side::Receiver);
        self.inner.try_recv()
    }

    /// Waits for the value on a thread that may wait.
    ///
    /// # Errors
    /// If the sender is gone.
    ///
    /// # Panics
    /// In a run, whose one thread would stand still.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        refuse_to_block("`.await` or `try_recv`");
        self.inner.blocking_recv()
    }

    /// Tokio's receiver.
    #[must_use]
    pub fn into_inner(self) -> tokios::Receiver<T> {
        self.inner
    }
}

impl<T> From<Receiver<T>> for tokios::Receiver<T> {
    fn from(receiver: Receiver<T>) -> Self {
        receiver.inner
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let this = &mut *self;
        if this.point.poll_once(context).is_pending() {
            return Poll::Pending;
        }
        this.resource.poll(Operation::Receive, Pin::new(&mut this.inner).poll(context))
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
