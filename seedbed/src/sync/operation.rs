//! An operation of a primitive: its label, what it touches, how a report calls the wait.

use sim_executor::{Access, Label};

/// An operation that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Operation {
    Lock,
    Read,
    Write,
    Acquire,
    Notified,
    Receive,
    Send,
    Changed,
    Closed,
    Initialise,
    Arrive,
}

impl Operation {
    const ALL: [Operation; 11] = [
        Operation::Lock,
        Operation::Read,
        Operation::Write,
        Operation::Acquire,
        Operation::Notified,
        Operation::Receive,
        Operation::Send,
        Operation::Changed,
        Operation::Closed,
        Operation::Initialise,
        Operation::Arrive,
    ];

    pub(super) fn from_number(number: u64) -> Option<Operation> {
        Operation::ALL.get(usize::try_from(number).ok()?).copied()
    }

    pub(super) const fn label(self) -> Label {
        match self {
            Operation::Lock => const { Label::new("mutex.lock") },
            Operation::Read => const { Label::new("rwlock.read") },
            Operation::Write => const { Label::new("rwlock.write") },
            Operation::Acquire => const { Label::new("semaphore.acquire") },
            Operation::Notified => const { Label::new("notify.notified") },
            Operation::Receive => const { Label::new("channel.recv") },
            Operation::Send => const { Label::new("channel.send") },
            Operation::Changed => const { Label::new("watch.changed") },
            Operation::Closed => const { Label::new("channel.closed") },
            Operation::Initialise => const { Label::new("once_cell.init") },
            Operation::Arrive => const { Label::new("barrier.wait") },
        }
    }

    pub(super) const fn access(self) -> Access {
        match self {
            Operation::Closed => Access::Read,
            _ => Access::Write,
        }
    }

    /// What a task waits for, before the name of the primitive.
    pub(super) const fn waits(self) -> &'static str {
        match self {
            Operation::Read => "to read",
            Operation::Write => "to write",
            Operation::Acquire => "for permits of",
            Operation::Receive => "for a value of",
            Operation::Send => "for room in",
            Operation::Changed => "for a change of",
            Operation::Closed => "for the end of",
            Operation::Lock | Operation::Notified | Operation::Initialise | Operation::Arrive => "for",
        }
    }

    /// Whether who waits depends on the other end of a channel, and which.
    pub(super) const fn is_of_channel(self) -> bool {
        matches!(self, Operation::Receive | Operation::Send)
    }
}
