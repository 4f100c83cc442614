//! What a queue refuses to do.

use crate::exc::Exc;

/// Why an item cannot be put; it is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The queue is full: `QueueFull`.
    #[error("the queue is full")]
    QueueFull,
    /// The queue was shut down: `QueueShutDown`.
    #[error("the queue was shut down")]
    QueueShutDown,
}

/// Why there is no item to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetError {
    /// The queue is empty: `QueueEmpty`.
    #[error("the queue is empty")]
    QueueEmpty,
    /// The queue is empty, and was shut down: `QueueShutDown`.
    #[error("the queue was shut down")]
    QueueShutDown,
}

/// `task_done` was called more often than there were items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task_done() called too many times")]
pub struct TooManyDone;

impl From<PutError> for Exc {
    fn from(error: PutError) -> Self {
        Exc::raised(if error == PutError::QueueFull { "QueueFull" } else { "QueueShutDown" }, "")
    }
}

impl From<GetError> for Exc {
    fn from(error: GetError) -> Self {
        Exc::raised(if error == GetError::QueueEmpty { "QueueEmpty" } else { "QueueShutDown" }, "")
    }
}

impl From<TooManyDone> for Exc {
    fn from(error: TooManyDone) -> Self {
        Exc::raised("ValueError", error)
    }
}
