//! Standard error, past the capture of the test harness and past all locks.

use std::fmt;

/// For who speaks while the process ends: in a handler of a signal, too, where no lock may be waited for.
pub(super) struct StandardError;

impl fmt::Write for StandardError {
    #[cfg(unix)]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = super::signals::write_to_stderr(rest).ok_or(fmt::Error)?;
            rest = rest.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        use std::io::Write as _;
        std::io::stderr().write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
