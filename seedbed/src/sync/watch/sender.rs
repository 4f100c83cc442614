//! The end of a watch channel that gives the values.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sim_executor::coop::cooperative;

use super::error::SendError;
use super::shared::Shared;
use super::{Receiver, Ref, channel};
use crate::sync::operation::Operation;

/// The end of a watch channel that gives the values: `tokio::sync::watch::Sender`.
#[derive(Debug)]
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    pub(super) fn of(shared: &Arc<Shared<T>>) -> Self {
        shared.senders.fetch_add(1, Ordering::AcqRel);
        Sender { shared: Arc::clone(shared) }
    }

    /// A channel without a receiver, which may [`subscribe`](Self::subscribe) later.
    #[must_use]
    #[track_caller]
    pub fn new(init: T) -> Self {
        channel(init).0
    }

    /// Sends a value.
    ///
    /// # Errors
    /// If there is no receiver; then the value stays as it was.
    ///
    /// # Panics
    /// In a run, while a [`Ref`] of this channel lives.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place, whether or not there is a receiver.
    ///
    /// # Panics
    /// In a run, while a [`Ref`] of this channel lives.
    pub fn send_modify<F: FnOnce(&mut T)>(&self, modify: F) {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers if `modify` says that it has. Gives what that said.
    ///
    /// # Panics
    /// In a run, while a [`Ref`] of this channel lives.
    pub fn send_if_modified<F: FnOnce(&mut T) -> bool>(&self, modify: F) -> bool {
        self.shared.change(modify)
    }

    /// Sends a value whether or not there is a receiver, and gives the one before.
    ///
    /// # Panics
    /// In a run, while a [`Ref`] of this channel lives.
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|old| mem::swap(old, &mut value));
        value
    }

    /// The value.
    ///
    /// # Panics
    /// In a run, inside of a change of the value.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        let (value, _) = self.shared.read();
        Ref { value, has_changed: false }
    }

    /// Whether there is no receiver.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    /// It is cancel safe.
    pub async fn closed(&self) {
        cooperative(async {
            while !self.is_closed() {
                // Made before the receivers are counted again, so that the end of the last reaches it.
                let notified = self.shared.is_closed.notified();
                if self.is_closed() {
                    return;
                }
                self.shared.resource.wait_for(Operation::Closed, notified).await;
            }
        })
        .await;
    }

    /// Another receiver, which has seen the value already.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::of(&self.shared, self.shared.version())
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.receiver_count()
    }

    /// How many senders there are.
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.shared.sender_count()
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender::of(&self.shared)
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Sender::new(T::default())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.has_changed.notify_waiters();
        }
    }
}
