//! What else acts when time reaches it, such as a network.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use crate::choice::{Resource, TaskId};
use crate::clock::Instant;
use crate::task::{Crash, NodeId};

/// When a device wants to be fired next, where the device writes it and the loop reads it: for devices that are called
/// often. Clones share it.
///
/// ```
/// use sim_executor::{Due, Instant};
///
/// let due = Due::never();
/// let same = due.clone();
/// due.set(Instant::from_nanos(7));
/// assert_eq!(same.get(), Instant::from_nanos(7));
/// ```
#[derive(Clone, Debug)]
pub struct Due(Rc<Cell<Instant>>);

impl Due {
    /// A device that does not want to be fired.
    #[must_use]
    pub fn never() -> Self {
        Due(Rc::new(Cell::new(Instant::MAX)))
    }

    /// The time; [`Instant::MAX`] is never.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Instant {
        self.0.get()
    }

    /// Sets the time; [`Instant::MAX`] is never.
    #[inline]
    pub fn set(&self, due: Instant) {
        self.0.set(due);
    }
}

/// Something that the program has not given back at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOpen {
    /// What it is.
    pub kind: LeftOpenKind,
    /// Which, for people: `tcp 10.0.0.1:49152 to 10.0.0.2:80 on client`.
    pub text: String,
}

/// What can be left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOpenKind {
    /// A socket.
    Socket,
    /// A permit of a semaphore, or the guard of a lock.
    Permit,
}

/// Something besides tasks that acts at points in virtual time: a network, a disk. A run drives its devices without
/// knowing what they are.
///
/// A device is called from the loop between polls, never from inside a poll; except that a task may crash or start a node.
pub trait Device: Any {
    /// When it wants to be fired next. Looked at after nearly every poll, so it should cost little; or else see
    /// [`Device::due`].
    fn next_due(&self) -> Option<Instant>;

    /// Where it keeps at all times what [`Device::next_due`] would say, which is then not called for that. Asked once, at its
    /// installation.
    fn due(&self) -> Option<Due> {
        None
    }

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

    /// The tasks on which it depends that who waits for this resource goes on: those that hold it, or that were last at its other end.
    /// Asked when a run is deadlocked.
    fn holders(&self, _resource: u64) -> Vec<TaskId> {
        Vec::new()
    }

    /// What has to be used by another task, so that who waits for this resource goes on: the other end of a connection. The first of them
    /// that was used tells which task it depends on. Asked when a run is deadlocked.
    fn other_ends(&self, _resource: u64) -> Vec<Resource> {
        Vec::new()
    }

    /// A node goes down, or is frozen. Its tasks are no more polled, and their futures are not dropped yet: what these try
    /// then is in vain, and the device sees to that. A device that keeps something for a node loses it here if it would:
    /// a disk what was not synced, when power is lost. One node can first be killed, then lose power.
    fn node_crashed(&self, _node: NodeId, _kind: Crash) {}

    /// A node starts again after it was down, or is thawed. Its program has not begun yet.
    fn node_started(&self, _node: NodeId) {}

    /// The run settles: what goes wrong by the will of the test is over between these nodes, as if it had never been set. A network heals
    /// partitions and lets go what it holds.
    fn settle(&self, _nodes: &[NodeId]) {}

    /// What the program has left open at the end of the run: a line for each socket or permit, with which of them it is.
    fn left_open(&self) -> Vec<LeftOpen> {
        Vec::new()
    }

    /// At the end of the run, when nothing of the program is left: gives what has memory for the next device of this type, most
    /// often the device itself, as new. It is kept if the run is in a [`World`](crate::World); then the next device asks for it with
    /// [`context::take_left`](crate::context::take_left). No run may be able to tell it from new memory, and how much it keeps is
    /// to be bounded: see [`Reuse`](crate::Reuse).
    fn leave(self: Rc<Self>) -> Option<Rc<dyn Any>> {
        None
    }

    /// For finding the device of a type.
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
}
