//! The exit status of a command.

use std::process::ExitCode;

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is the status that the process ends with"]
pub enum Exit {
    /// 0: all is as expected.
    Expected,
    /// 1: a failure was found where none is expected, or none where one is.
    Failure,
    /// 2: what was asked for cannot be done.
    Usage,
    /// 130: Ctrl-C or SIGTERM ended it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Expected => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}
