//! What can be done with a descriptor now, in the bits of `poll(2)`, which are those of epoll.

use std::ops::{BitAnd, BitOr};

use sim_net::syscall::Polled;

/// A set of the bits of `poll(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready(pub(crate) u32);

impl Ready {
    pub(crate) const NOTHING: Ready = Ready(0);
    pub(crate) const IN: Ready = Ready(libc::EPOLLIN as u32 | libc::EPOLLRDNORM as u32);
    pub(crate) const OUT: Ready = Ready(libc::EPOLLOUT as u32 | libc::EPOLLWRNORM as u32);
    pub(crate) const ERROR: Ready = Ready(libc::EPOLLERR as u32);
    pub(crate) const HUNG_UP: Ready = Ready(libc::EPOLLHUP as u32);
    pub(crate) const READ_CLOSED: Ready = Ready(libc::EPOLLRDHUP as u32);

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn has(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    /// These bits where `is` says so.
    pub(crate) fn when(self, is: bool) -> Ready {
        if is { self } else { Ready::NOTHING }
    }

    pub(crate) fn of_socket(polled: Polled) -> Ready {
        Ready::IN.when(polled.is_readable)
            | Ready::OUT.when(polled.is_writable)
            | Ready::READ_CLOSED.when(polled.is_read_closed)
            | Ready::HUNG_UP.when(polled.is_hung_up)
            | Ready::ERROR.when(polled.has_error)
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}
