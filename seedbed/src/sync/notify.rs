//! A notification that says who waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use sim_executor::{Access, DecisionPoint};
use tokio::sync as tokios;

use super::inner::Inner;
use super::operation::Operation;
use super::resource::{Kind, Resource};

const NOTIFY: Kind = Kind::new("notify");

/// A notification: `tokio::sync::Notify`. To wait for one is a decision point.
pub struct Notify {
    inner: Inner<tokios::Notify>,
    resource: Resource,
}

impl Notify {
    /// A notification that nobody has given.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        Notify { inner: Inner::new(tokios::Notify::new()), resource: Resource::new(NOTIFY) }
    }

    /// The same, with a name for reports.
    #[track_caller]
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Notify { inner: Inner::new(tokios::Notify::new()), resource: Resource::named(NOTIFY, name.into()) }
    }

    /// The same in a constant, for a `static`. It has no owned futures.
    #[track_caller]
    #[must_use]
    pub const fn const_new() -> Self {
        Notify { inner: Inner::Constant(tokios::Notify::const_new()), resource: Resource::const_new(NOTIFY) }
    }

    /// Waits for a notification.
    ///
    /// # Cancel safety
    /// Who is cancelled loses its place in the queue; a notification that it had got goes to the next.
    pub fn notified(&self) -> Notified<'_> {
        let point = self.resource.point(Operation::Notified);
        Notified { inner: self.inner.notified(), point, resource: &self.resource }
    }

    /// The same as a future that owns this.
    ///
    /// # Panics
    /// If it was made by [`Notify::const_new`].
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let inner = self.inner.share().notified_owned();
        OwnedNotified { inner, point: self.resource.point(Operation::Notified), notify: self }
    }

    /// Notifies the one that has waited longest, or else the next that will wait.
    pub fn notify_one(&self) {
        self.resource.touch(Access::Write);
        self.inner.notify_one();
    }

    /// Notifies the one that came last, or else the next that will wait.
    pub fn notify_last(&self) {
        self.resource.touch(Access::Write);
        self.inner.notify_last();
    }

    /// Notifies all who wait, and nobody that comes later.
    pub fn notify_waiters(&self) {
        self.resource.touch(Access::Write);
        self.inner.notify_waiters();
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.inner).fmt(out)
    }
}

pin_project! {
    /// The future of [`Notify::notified`].
    #[derive(Debug)]
    #[must_use = "nothing is waited for until it is awaited"]
    pub struct Notified<'a> {
        #[pin]
        inner: tokios::futures::Notified<'a>,
        point: DecisionPoint,
        resource: &'a Resource,
    }
}

impl Notified<'_> {
    /// Begins to wait without being awaited; says whether there was a notification already.
    #[expect(clippy::must_use_candidate, reason = "most call it for what it does")]
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        this.resource.touch(Access::Write);
        this.inner.enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.point.poll_once(context).is_pending() {
            return Poll::Pending;
        }
        this.resource.poll(Operation::Notified, this.inner.poll(context))
    }
}

pin_project! {
    /// The future of [`Notify::notified_owned`].
    #[derive(Debug)]
    #[must_use = "nothing is waited for until it is awaited"]
    pub struct OwnedNotified {
        #[pin]
        inner: tokios::futures::OwnedNotified,
        point: DecisionPoint,
        notify: Arc<Notify>,
    }
}

impl OwnedNotified {
    /// Begins to wait without being awaited; says whether there was a notification already.
    #[expect(clippy::must_use_candidate, reason = "most call it for what it does")]
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        this.notify.resource.touch(Access::Write);
        this.inner.enable()
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.point.poll_once(context).is_pending() {
            return Poll::Pending;
        }
        this.notify.resource.poll(Operation::Notified, this.inner.poll(context))
    }
}
