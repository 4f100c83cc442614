//! Why a task has no output.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::choice::TaskId;
use crate::task::Failure;

/// Why a task has no output: it was cancelled, or it panicked. Its texts are those of tokio's `JoinError`.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, spawn};
///
/// let error = Executor::new(ProductionOrder).block_on(async {
///     spawn(async { panic!("no bytes left") }).await.unwrap_err()
/// });
/// let error = error.unwrap();
/// assert_eq!(error.to_string(), format!("task {} panicked with message \"no bytes left\"", error.id()));
/// assert_eq!(error.into_panic().downcast_ref(), Some(&"no bytes left"));
/// ```
pub struct JoinError(Box<Inner>);

struct Inner {
    id: TaskId,
    lineage: String,
    panic: Option<Panic>,
}

struct Panic {
    message: String,
    /// Whether that is what was thrown.
    is_text: bool,
    location: Option<String>,
    /// Locked for one reason: so that the error may be shared between threads, as tokio's.
    payload: Mutex<Box<dyn Any + Send>>,
}

// As tokio's, so that `?` turns it into an error that may be sent.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<JoinError>();
};

impl JoinError {
    #[cold]
    pub(super) fn new(id: TaskId, lineage: String, failure: Failure) -> Self {
        let panic = match failure {
            Failure::Cancelled => None,
            Failure::Panicked { message, location, payload } => Some(Panic {
                message,
                is_text: payload.is::<&'static str>() || payload.is::<String>(),
                location,
                payload: Mutex::new(payload),
            }),
        };
        JoinError(Box::new(Inner { id, lineage, panic }))
    }

    /// Whether the task was cancelled: its future was dropped at its await point.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.panic.is_none()
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.0.panic.is_some()
    }

    /// What the panic has thrown, for `std::panic::resume_unwind`.
    ///
    /// # Panics
    /// If the task was cancelled.
    #[must_use]
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.try_into_panic().expect("`JoinError` reason is not a panic.")
    }

    /// What the panic has thrown.
    ///
    /// # Errors
    /// The error itself, if the task was cancelled.
    pub fn try_into_panic(mut self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.0.panic.take() {
            Some(panic) => Ok(panic.payload.into_inner().unwrap_or_else(PoisonError::into_inner)),
            None => Err(self),
        }
    }

    /// Which task it was.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.0.id
    }

    /// The task's path of names.
    #[must_use]
    pub fn lineage(&self) -> &str {
        &self.0.lineage
    }

    /// The panic's message, if the task panicked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.panic.as_ref().map(|panic| panic.message.as_str())
    }

    /// `file:line:column` of the panic, if a panic hook noted it.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.0.panic.as_ref()?.location.as_deref()
    }

    /// What was thrown, if it is a text.
    fn text(&self) -> Option<&str> {
        self.0.panic.as_ref().filter(|panic| panic.is_text).map(|panic| panic.message.as_str())
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id();
        match self.text() {
            Some(text) => write!(out, "task {id} panicked with message {text:?}"),
            None if self.is_panic() => write!(out, "task {id} panicked"),
            None => write!(out, "task {id} was cancelled"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id();
        match self.text() {
            Some(text) => write!(out, "JoinError::Panic({id:?}, {text:?}, ...)"),
            None if self.is_panic() => write!(out, "JoinError::Panic({id:?}, ...)"),
            None => write!(out, "JoinError::Cancelled({id:?})"),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        io::Error::other(if error.is_cancelled() { "task was cancelled" } else { "task panicked" })
    }
}
