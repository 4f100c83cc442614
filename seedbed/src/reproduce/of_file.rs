//! The command that makes the run of a failure file.

use std::fmt;

use super::{TestCommand, quoted};
use crate::environment::REPLAY;

/// The command for the run of a file, as the shell of the platform takes it: `SEEDBED_REPLAY=tests/simfail/x.simfail cargo test …`.
pub(crate) struct OfFile<'a>(pub(crate) &'a str, pub(crate) &'a TestCommand);

impl fmt::Display for OfFile<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OfFile(path, command) = self;
        if cfg!(windows) {
            write!(out, "$env:{REPLAY}='{}'; {command}", path.replace('\'', "''"))
        } else {
            write!(out, "{REPLAY}={} {command}", quoted(path))
        }
    }
}
