//! Work that is done in a child process of the machine.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How the child ended, if it gave nothing: see [`crate::in_child`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// The machine has no room for another process.
    #[error("no process for a run could be made: error {errno} of the machine")]
    NotMade {
        /// The number of the error.
        errno: i32,
    },
    /// It ended by itself.
    #[error("the process that makes the run ended with the status {status}")]
    Ended {
        /// Its status; 101 after a panic.
        status: i32,
    },
    /// A signal of the machine ended it.
    #[error("signal {signal} of the machine ended the process that makes the run")]
    Killed {
        /// The number of the signal.
        signal: i32,
    },
}

/// The status of a child that has panicked.
const PANICKED: i32 = 101;

/// Calls `what` in a child, and gives what it gives.
///
/// # Errors
/// If the child gives nothing.
pub(crate) fn in_child(what: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, ChildError> {
    let not_made = |()| ChildError::NotMade {
        errno: std::io::Error::last_os_error().raw_os_error().unwrap_or_default(),
    };
    // Or the child would write it once more.
    let _ = std::io::stdout().flush();
    let mut pipe = [0; 2];
    // SAFETY: there is room for two numbers.
    let made = unsafe { libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) };
    (made == 0).then_some(()).ok_or(()).map_err(not_made)?;
    let [reader, writer] = pipe;
    // SAFETY: the child goes on in this thread alone. Who calls has no other thread that could hold a lock which the child needs.
    match unsafe { libc::fork() } {
        -1 => {
            let error = not_made(());
            close(reader);
            close(writer);
            Err(error)
        }
        0 => {
            close(reader);
            let result = catch_unwind(AssertUnwindSafe(what));
            let status = match &result {
                Ok(bytes) if write_all(writer, bytes) => 0,
                _ => PANICKED,
            };
            let _ = std::io::stdout().flush();
            // SAFETY: it takes a number, and runs none of the handlers that are the parent's.
            unsafe { libc::_exit(status) }
        }
        child => {
            close(writer);
            let bytes = read_all(reader);
            close(reader);
            ended(child).map(|()| bytes)
        }
    }
}

fn close(descriptor: i32) {
    // SAFETY: the descriptor is one of the pipe's, and is closed once.
    unsafe { libc::close(descriptor) };
}

fn write_all(writer: i32, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: there are so many bytes.
        let written = unsafe { libc::write(writer, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(written) => bytes = &bytes[written..],
            Err(_) if is_interrupted() => {}
            Err(_) => return false,
        }
    }
    true
}

fn read_all(reader: i32) -> Vec<u8> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4_096]);
    loop {
        // SAFETY: there is room for so many bytes.
        let read = unsafe { libc::read(reader, part.as_mut_ptr().cast(), part.len()) };
        match usize::try_from(read) {
            Ok(0) => return bytes,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
            Err(_) if is_interrupted() => {}
            Err(_) => return bytes,
        }
    }
}

/// Waits for the end of a child.
fn ended(child: i32) -> Result<(), ChildError> {
    let mut status = 0;
    // SAFETY: there is room for a number.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } == -1 && is_interrupted() {}
    match (libc::WIFSIGNALED(status), libc::WEXITSTATUS(status)) {
        (true, _) => Err(ChildError::Killed { signal: libc::WTERMSIG(status) }),
        (false, 0) => Ok(()),
        (false, status) => Err(ChildError::Ended { status }),
    }
}

fn is_interrupted() -> bool {
    std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR)
}
