//! Where output goes.

use std::fmt;
use std::io::Write;

/// Where output goes.
pub struct Console<'a> {
    /// For what was asked for: event logs, tables, JSON.
    pub out: &'a mut dyn Write,
    /// For what went wrong.
    pub err: &'a mut dyn Write,
    /// Whether the process is all for the command: then a sweep shows its progress, if standard error is a terminal, Ctrl-C ends it, and it
    /// starts this program again with the same command line, for the runs; and the log of a run goes to standard output while the run
    /// goes on. Else all is done in this process, and written to these streams.
    pub is_process: bool,
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Console").field("is_process", &self.is_process).finish_non_exhaustive()
    }
}
