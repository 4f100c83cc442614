//! The end of a watch channel that sees the values.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sim_executor::coop::cooperative;

use super::Ref;
use super::error::RecvError;
use super::shared::Shared;
use crate::sync::operation::Operation;

/// The end of a watch channel that sees the values: `tokio::sync::watch::Receiver`. Each clone keeps for itself what it has
/// seen.
#[derive(Debug)]
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The version that it has seen last.
    seen: usize,
}

impl<T> Receiver<T> {
    pub(super) fn of(shared: &Arc<Shared<T>>, seen: usize) -> Self {
        shared.receivers.fetch_add(1, Ordering::AcqRel);
        Receiver { shared: Arc::clone(shared), seen }
    }

    /// The value. It does not count as seen.
    ///
    /// # Panics
    /// In a run, inside of a change of the value.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        Ref { value, has_changed: version != self.seen }
    }

    /// The value, which counts as seen then.
    ///
    /// # Panics
    /// In a run, inside of a change of the value.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        let has_changed = version != self.seen;
        self.seen = version;
        Ref { value, has_changed }
    }

    /// Whether there is a value that this receiver has not seen.
    ///
    /// # Errors
    /// If all senders are gone, whatever was seen.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.is_closed() { Err(RecvError(())) } else { Ok(self.shared.version() != self.seen) }
    }

    /// Whether all senders are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.sender_count() == 0
    }

    /// Makes the value count as not seen.
    pub fn mark_changed(&mut self) {
        self.seen = self.seen.wrapping_sub(1);
    }

    /// Makes the value count as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Waits for a value that this receiver has not seen; it counts as seen then.
    ///
    /// # Errors
    /// If there is none and all senders are gone.
    ///
    /// # Cancel safety
    /// It is cancel safe: if it is dropped before it is over, no value counts as seen.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        self.shared.resource.point(Operation::Changed).await;
        cooperative(changed(&self.shared, &mut self.seen)).await
    }

    /// Waits until the value is what `is_it` says yes to, and gives it; the value that is there at first is asked too. All values
    /// that it was asked for count as seen.
    ///
    /// # Errors
    /// If all senders are gone, and the last value is none.
    ///
    /// # Cancel safety
    /// It is cancel safe: if it is dropped before it is over, the value is still there.
    pub async fn wait_for(&mut self, is_it: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        self.shared.resource.point(Operation::Changed).await;
        cooperative(self.find(is_it)).await
    }

    async fn find(&mut self, mut is_it: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let mut is_closed = false;
        loop {
            {
                let (value, version) = self.shared.read();
                let has_changed = version != self.seen;
                self.seen = version;
                // When the senders are gone, a value that was seen was asked for already.
                if (!is_closed || has_changed) && is_it(&value) {
                    return Ok(Ref { value, has_changed });
                }
            }
            if is_closed {
                return Err(RecvError(()));
            }
            is_closed = changed(&self.shared, &mut self.seen).await.is_err();
        }
    }

    /// Whether both belong to one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

async fn changed<T>(shared: &Shared<T>, seen: &mut usize) -> Result<(), RecvError> {
    loop {
        // Made before the version is looked at, so that a change in between reaches it.
        let notified = shared.has_changed.notified();
        let version = shared.version();
        if version != *seen {
            *seen = version;
            return Ok(());
        }
        if shared.sender_count() == 0 {
            return Err(RecvError(()));
        }
        shared.resource.wait_for(Operation::Changed, notified).await;
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver::of(&self.shared, self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.is_closed.notify_waiters();
        }
    }
}
