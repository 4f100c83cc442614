//! What else acts when time reaches it, such as a network.

use std::any::Any;
use std::rc::Rc;

use crate::clock::Instant;

/// Something besides tasks that acts at points in virtual time: a network, a disk. A run drives its devices without
/// knowing what they are.
///
/// A device is called from the loop between polls, never from inside a poll.
pub trait Device: Any {
    /// When it wants to be fired next. Looked at whenever nothing is ready, so it should cost little.
    fn next_due(&self) -> Option<Instant>;

    /// Does all that is due at `now`, which is never before the time that [`Device::next_due`] gave.
    fn fire(&self, now: Instant);

    /// Whether what it will do can wake a task, as far as it can tell. If it only repeats itself, as the probes of a window that
    /// stays closed do, the run is at its end although time could go on for ever: a deadlock. Asked only when nothing else is
    /// left to happen, so it may cost something.
    fn may_wake(&self) -> bool {
        true
    }

    /// What a task waits for that has registered a resource of this device: `read 10.0.0.2:80 from client:49152`.
    fn describe(&self, resource: u64) -> String;

    /// For finding the device of a type.
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
}
