//! Readiness of a socket, as `tokio::io` describes it.

use std::fmt;
use std::ops;

/// What a task waits for at a socket, as `tokio::io::Interest`. It is never empty.
///
/// ```
/// use sim_net::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
/// assert_eq!(format!("{both:?}"), "READABLE | WRITABLE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const PRIORITY: u8 = 1 << 2;
const ERROR: u8 = 1 << 3;
const READ_CLOSED: u8 = 1 << 4;
const WRITE_CLOSED: u8 = 1 << 5;

impl Interest {
    /// Something to read, or the end.
    pub const READABLE: Interest = Interest(READABLE);
    /// Room to write, or that nothing more can be written.
    pub const WRITABLE: Interest = Interest(WRITABLE);
    /// Urgent data, which no socket here has.
    pub const PRIORITY: Interest = Interest(PRIORITY);
    /// An error to be told of.
    pub const ERROR: Interest = Interest(ERROR);

    /// Whether it has [`Interest::READABLE`].
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Whether it has [`Interest::WRITABLE`].
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Whether it has [`Interest::PRIORITY`].
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Whether it has [`Interest::ERROR`].
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// Whether it is about data to read or room to write, rather than errors alone.
    pub(crate) const fn is_of_direction(self) -> bool {
        self.is_readable() || self.is_writable()
    }

    /// Both; the operator `|` does the same.
    #[must_use]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// Without the other; `None` if nothing is left.
    #[must_use = "this gives the rest, and changes nothing"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        match self.0 & !other.0 {
            0 => None,
            rest => Some(Interest(rest)),
        }
    }
}

impl ops::BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl ops::BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, out)
    }
}

/// What a socket is ready for, as `tokio::io::Ready`.
///
/// ```
/// use sim_net::Ready;
///
/// let at_end = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(at_end.is_readable() && at_end.is_read_closed() && !at_end.is_writable());
/// assert!((at_end - Ready::READABLE).is_readable(), "the end can be read as well");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Ready = Ready(0);
    /// Something can be read.
    pub const READABLE: Ready = Ready(READABLE);
    /// Something can be written.
    pub const WRITABLE: Ready = Ready(WRITABLE);
    /// The peer writes no more.
    pub const READ_CLOSED: Ready = Ready(READ_CLOSED);
    /// Nothing more can be written.
    pub const WRITE_CLOSED: Ready = Ready(WRITE_CLOSED);
    /// There is urgent data, as at no socket here.
    pub const PRIORITY: Ready = Ready(PRIORITY);
    /// There is an error to be told of.
    pub const ERROR: Ready = Ready(ERROR);
    /// All of them.
    pub const ALL: Ready = Ready(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);

    /// What can satisfy the interest.
    pub(crate) const fn from_interest(interest: Interest) -> Ready {
        let mut bits = interest.0;
        if interest.is_readable() || interest.is_priority() {
            bits |= READ_CLOSED;
        }
        if interest.is_writable() {
            bits |= WRITE_CLOSED;
        }
        Ready(bits)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a read would not block, be it that it gives the end.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// Whether a write would not block, be it that it fails.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// Whether the peer writes no more.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.0 & READ_CLOSED != 0
    }

    /// Whether nothing more can be written.
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.0 & WRITE_CLOSED != 0
    }

    /// Whether there is urgent data.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Whether there is an error to be told of.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }
}

impl ops::BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl ops::BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl ops::BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl ops::Sub for Ready {
    type Output = Ready;

    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Ready(")?;
        show(self.0, out)?;
        out.write_str(")")
    }
}

fn show(bits: u8, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let names = [
        (READABLE, "READABLE"),
        (WRITABLE, "WRITABLE"),
        (PRIORITY, "PRIORITY"),
        (ERROR, "ERROR"),
        (READ_CLOSED, "READ_CLOSED"),
        (WRITE_CLOSED, "WRITE_CLOSED"),
    ];
    let mut between = "";
    for (bit, name) in names {
        if bits & bit != 0 {
            write!(out, "{between}{name}")?;
            between = " | ";
        }
    }
    if bits == 0 { out.write_str("EMPTY") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_satisfies_who_waits_for_more() {
        let ready = Ready::READ_CLOSED | Ready::WRITABLE;
        assert_eq!(ready & Ready::from_interest(Interest::READABLE), Ready::READ_CLOSED);
        assert_eq!(ready & Ready::from_interest(Interest::WRITABLE), Ready::WRITABLE);
        assert!((ready & Ready::from_interest(Interest::ERROR)).is_empty());
    }

    #[test]
    fn they_are_shown_by_their_names() {
        assert_eq!(format!("{:?}", Interest::READABLE | Interest::ERROR), "READABLE | ERROR");
        assert_eq!(format!("{:?}", Ready::WRITABLE | Ready::WRITE_CLOSED), "Ready(WRITABLE | WRITE_CLOSED)");
        assert_eq!(format!("{:?}", Ready::EMPTY), "Ready(EMPTY)");
    }

    #[test]
    fn an_interest_is_never_empty() {
        assert_eq!(Interest::READABLE.remove(Interest::READABLE), None);
        assert_eq!(
            (Interest::READABLE | Interest::PRIORITY).remove(Interest::READABLE),
            Some(Interest::PRIORITY)
        );
    }
}
