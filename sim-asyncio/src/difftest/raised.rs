//! An exception on its way through a program, with what was said by who cancelled.

use std::fmt;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::loops::cancelled_error;

/// An exception, and the message of a cancellation.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) exc: Exc,
    message: Option<Rc<str>>,
}

impl Raised {
    /// What was raised in the current task just now.
    pub(super) fn now(event_loop: &EventLoop, exc: Exc) -> Self {
        let message = if exc.is_cancelled() { event_loop.cancel_message() } else { None };
        Raised { exc, message }
    }

    /// How a task has ended, which somebody asks outside of all tasks.
    pub(super) fn of_future<T>(exc: &Exc, future: &crate::future::Future<T>) -> Self {
        let message = if exc.is_cancelled() { future.cancel_message() } else { None };
        Raised { exc: exc.clone(), message }
    }

    /// Raises it, again if it was raised before.
    pub(super) fn raise(&self) -> Exc {
        match &self.exc {
            Exc::Cancelled => cancelled_error(self.message.clone()),
            exc => exc.clone(),
        }
    }

    /// The name of the exception in the language.
    pub(super) fn name(&self) -> &str {
        name_of(&self.exc)
    }
}

impl fmt::Display for Raised {
    /// The name, and after it the message, if there is one.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())?;
        match &self.message {
            Some(message) => write!(out, " {message}"),
            None => Ok(()),
        }
    }
}

/// The name of an exception in the language.
pub(super) fn name_of(exc: &Exc) -> &str {
    match exc {
        Exc::Cancelled => "Cancelled",
        Exc::Timeout => "Timeout",
        Exc::Raised { class, .. } => class,
    }
}
