//! What the two ends of a watch channel share.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use sim_executor::{Access, context};
use tokio::sync::Notify;

use super::super::resource::{Kind, Resource};

const CHANNEL: Kind = Kind::new("watch channel");

/// What the two ends of a watch channel share. The counts of the ends are kept by these.
pub(super) struct Shared<T> {
    value: RwLock<T>,
    /// How often it was sent. It wraps.
    version: AtomicUsize,
    pub(super) receivers: AtomicUsize,
    pub(super) senders: AtomicUsize,
    /// Whoever waits for another value, or for the end of the senders.
    pub(super) has_changed: Notify,
    /// Whoever waits for the end of the receivers.
    pub(super) is_closed: Notify,
    pub(super) resource: Resource,
}

impl<T> Shared<T> {
    #[track_caller]
    pub(super) fn new(value: T) -> Self {
        Shared {
            value: RwLock::new(value),
            version: AtomicUsize::new(0),
            receivers: AtomicUsize::new(0),
            senders: AtomicUsize::new(0),
            has_changed: Notify::new(),
            is_closed: Notify::new(),
            resource: Resource::new(CHANNEL),
        }
    }

    pub(super) fn version(&self) -> usize {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn receiver_count(&self) -> usize {
        self.receivers.load(Ordering::Acquire)
    }

    pub(super) fn sender_count(&self) -> usize {
        self.senders.load(Ordering::Acquire)
    }

    /// The value, with its version.
    ///
    /// # Panics
    /// In a run, while it is being changed.
    pub(super) fn read(&self) -> (RwLockReadGuard<'_, T>, usize) {
        self.resource.touch(Access::Read);
        let guard = match self.value.try_read() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                refuse_to_wait("it is borrowed while it is being changed");
                self.value.read().unwrap_or_else(PoisonError::into_inner)
            }
        };
        let version = self.version();
        (guard, version)
    }

    /// Changes the value; if it says that it has, those who wait are told. A value whose change panics counts as unchanged.
    ///
    /// # Panics
    /// In a run, while a `Ref` lives.
    pub(super) fn change(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        self.resource.touch(Access::Write);
        let mut guard = self.write();
        if !change(&mut guard) {
            return false;
        }
        self.version.fetch_add(1, Ordering::Release);
        drop(guard);
        self.has_changed.notify_waiters();
        true
    }

    fn write(&self) -> RwLockWriteGuard<'_, T> {
        match self.value.try_write() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                refuse_to_wait("a `Ref` of it still lives: drop it before you send");
                self.value.write().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }
}

/// In a run there is one thread: what it waits for, nobody else would end.
fn refuse_to_wait(why: &str) {
    assert!(!context::in_run(), "this would block for ever at the value of a watch channel: {why}");
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("value", &self.value)
            .field("version", &self.version())
            .field("receivers", &self.receiver_count())
            .field("senders", &self.sender_count())
            .finish_non_exhaustive()
    }
}
