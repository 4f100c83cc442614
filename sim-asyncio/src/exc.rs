//! Exceptions as values: what an await gives instead of a result.

use std::fmt;
use std::rc::Rc;

/// What was raised. A body hands it on with `?`, catches it with `match`, and swallows it by returning `Ok`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exc {
    /// `asyncio.CancelledError`: somebody called `cancel`.
    Cancelled,
    /// `TimeoutError`: the time of a `timeout` or a `wait_for` was over.
    Timeout,
    /// Any other exception.
    Raised {
        /// Its class: `ValueError`.
        class: Rc<str>,
        /// What it says; may be empty.
        message: Rc<str>,
    },
}

impl Exc {
    /// An exception of this class.
    #[must_use]
    pub fn raised(class: &str, message: impl fmt::Display) -> Self {
        Exc::Raised { class: class.into(), message: message.to_string().into() }
    }

    /// The name of its class, as `type(exc).__name__` gives it.
    #[must_use]
    pub fn class(&self) -> &str {
        match self {
            Exc::Cancelled => "CancelledError",
            Exc::Timeout => "TimeoutError",
            Exc::Raised { class, .. } => class,
        }
    }

    /// What it says, as `str(exc)` gives it.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Exc::Cancelled | Exc::Timeout => "",
            Exc::Raised { message, .. } => message,
        }
    }

    /// Whether it is `CancelledError`.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self == Exc::Cancelled
    }

    /// Whether it is `KeyboardInterrupt` or `SystemExit`: a task that fails with one ends the run of its loop.
    #[must_use]
    pub fn ends_the_run(&self) -> bool {
        matches!(self.class(), "KeyboardInterrupt" | "SystemExit")
    }
}

impl fmt::Display for Exc {
    /// As the last line of a traceback: `ValueError: no such row`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => out.write_str(self.class()),
            message => write!(out, "{}: {message}", self.class()),
        }
    }
}

impl std::error::Error for Exc {}
