//! Output that nobody may be reading any more.

use std::io::{self, ErrorKind, Write};

/// Writes on as if nothing had happened when the reader has gone, as `head` does when it has seen enough: the command still
/// comes to its end, and to its exit status.
#[derive(Debug)]
pub(crate) struct Pipe<W>(pub(crate) W);

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails every write in the same way.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let mut pipe = Pipe(Failing(ErrorKind::BrokenPipe));
        assert!(writeln!(pipe, "text").is_ok());
        assert!(pipe.flush().is_ok());
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut pipe = Pipe(Failing(ErrorKind::StorageFull));
        assert!(writeln!(pipe, "text").is_err());
        assert!(pipe.flush().is_err());
    }
}
