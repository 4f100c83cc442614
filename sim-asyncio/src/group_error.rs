//! What goes wrong with a group of tasks: its failures, and its misuse.

use crate::exc::Exc;

/// Why a group has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The group was cancelled from outside.
    #[error("CancelledError")]
    Cancelled,
    /// Tasks, or the body, have failed: `ExceptionGroup`.
    #[error("ExceptionGroup: unhandled errors in a TaskGroup ({} sub-exception{})", exceptions.len(), if exceptions.len() == 1 { "" } else { "s" })]
    Failed {
        /// With what, in the order of the failures; that of the body is the last.
        exceptions: Vec<Exc>,
    },
    /// A task, or the body, has ended with `KeyboardInterrupt` or `SystemExit`, which no group gathers.
    #[error(transparent)]
    Base(Exc),
    /// The group was used in a way that has no meaning.
    #[error(transparent)]
    Misused(#[from] GroupMisuse),
}

impl From<GroupError> for Exc {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Cancelled => Exc::Cancelled,
            GroupError::Base(exc) => exc,
            GroupError::Misused(misuse) => misuse.into(),
            GroupError::Failed { exceptions } => {
                let s = if exceptions.len() == 1 { "" } else { "s" };
                let count = exceptions.len();
                Exc::raised(
                    "ExceptionGroup",
                    format!("unhandled errors in a TaskGroup ({count} sub-exception{s})"),
                )
            }
        }
    }
}

/// A use of a [`TaskGroup`](crate::TaskGroup) that has no meaning: a `RuntimeError`, which names the state of the group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupMisuse {
    /// It was to start a task before it was entered.
    #[error("TaskGroup {group} has not been entered")]
    NotEntered {
        /// The group as Python shows it: `<TaskGroup>`.
        group: String,
    },
    /// It was to be entered again.
    #[error("TaskGroup {group} has already been entered")]
    EnteredAgain {
        /// The group as Python shows it: `<TaskGroup entered>`.
        group: String,
    },
    /// It was to be entered outside of a task.
    #[error("TaskGroup {group} cannot determine the parent task")]
    NoParent {
        /// The group as Python shows it: `<TaskGroup>`.
        group: String,
    },
    /// It was to start a task after its end.
    #[error("TaskGroup {group} is finished")]
    Finished {
        /// The group as Python shows it: `<TaskGroup entered>`.
        group: String,
    },
    /// It was to start a task while it cancels those that it has.
    #[error("TaskGroup {group} is shutting down")]
    ShuttingDown {
        /// The group as Python shows it: `<TaskGroup tasks=1 errors=1 cancelling>`.
        group: String,
    },
}

impl From<GroupMisuse> for Exc {
    fn from(misuse: GroupMisuse) -> Self {
        Exc::raised("RuntimeError", misuse)
    }
}
