//! A thread's hold of its seat, which notices that the program ends the process inside a run.

use std::ops::Deref;
use std::process::abort;
use std::sync::Arc;

use super::StandardError;
use super::seat::Seat;

/// Held by a thread-local. A run is told to have ended before its thread ends, by whatever way, except one:
/// `std::process::exit` drops the thread-locals of the thread that calls it, where the platform does so (glibc, macOS).
///
/// A test that is ended so would be taken for one that succeeded, if the status were 0, and nothing would be printed.
#[derive(Debug)]
pub(super) struct Taken(pub(super) Arc<Seat>);

impl Deref for Taken {
    type Target = Seat;

    fn deref(&self) -> &Seat {
        &self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let words = format_args!(
            "\nseedbed: the program has ended the process inside a run, by std::process::exit or the like. Return from the \
             test instead, or crash a node:\n"
        );
        if !self.0.say_last(words, &mut StandardError) {
            return;
        }
        // A process cannot take back that it ends, and cannot ask for another status while it does. So it is aborted.
        abort();
    }
}
