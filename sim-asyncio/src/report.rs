//! What a loop complains of when nobody else would.

use std::fmt;
use std::rc::Rc;

use crate::exc::Exc;

/// What was noticed too late for anybody to handle it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A task failed, and everyone who could have asked for its exception is gone.
    TaskExceptionNeverRetrieved {
        /// The task's name.
        task: Rc<str>,
        /// The exception.
        exc: Exc,
    },
    /// A future failed, and everyone who could have asked for its exception is gone.
    FutureExceptionNeverRetrieved {
        /// The exception.
        exc: Exc,
    },
    /// A task was dropped before it had ended.
    TaskDestroyedPending {
        /// The task's name.
        task: Rc<str>,
    },
    /// A task failed when it was cancelled at the end of [`Runner::run`](crate::Runner::run).
    ExceptionAtShutdown {
        /// The task's name.
        task: Rc<str>,
        /// The exception.
        exc: Exc,
    },
}

/// Who is told.
pub(crate) type Handler = Rc<dyn Fn(&Report)>;

impl Report {
    /// The name of the task, if it is about one.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        match self {
            Report::TaskExceptionNeverRetrieved { task, .. }
            | Report::TaskDestroyedPending { task }
            | Report::ExceptionAtShutdown { task, .. } => Some(task),
            Report::FutureExceptionNeverRetrieved { .. } => None,
        }
    }
}

impl fmt::Display for Report {
    /// As asyncio words it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Report::TaskExceptionNeverRetrieved { .. } => "Task exception was never retrieved",
            Report::FutureExceptionNeverRetrieved { .. } => "Future exception was never retrieved",
            Report::TaskDestroyedPending { .. } => "Task was destroyed but it is pending!",
            Report::ExceptionAtShutdown { .. } => "unhandled exception during asyncio.run() shutdown",
        })
    }
}
