//! The errors of a kernel's calls, as Linux has them.

use std::io;

/// Why a call did not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Errno {
    /// `EAGAIN`
    #[error("it would have to wait")]
    WouldBlock,
    /// `EADDRINUSE`
    #[error("another socket has the address; close that one or bind another port")]
    AddrInUse,
    /// `EADDRNOTAVAIL`
    #[error("the host does not have the address, or no free port")]
    AddrNotAvailable,
    /// `ECONNREFUSED`
    #[error("connection refused: no socket listens there")]
    ConnectionRefused,
    /// `ECONNRESET`
    #[error("connection reset by the peer")]
    ConnectionReset,
    /// `EPIPE`
    #[error("broken pipe: the connection takes no more data")]
    BrokenPipe,
    /// `ETIMEDOUT`
    #[error("timed out: the peer does not answer")]
    TimedOut,
    /// `ENETUNREACH`
    #[error("network unreachable: no host of the simulation can have the address")]
    NetworkUnreachable,
    /// `EHOSTUNREACH`
    #[error("host unreachable: no host of the simulation has the address")]
    HostUnreachable,
    /// `ENOTCONN`
    #[error("the socket is not connected")]
    NotConnected,
    /// `EDESTADDRREQ`
    #[error("the socket is not connected: a destination is needed")]
    DestinationRequired,
    /// `EMSGSIZE`
    #[error("message too long")]
    MessageTooLong,
    /// `EINVAL`
    #[error("invalid argument, such as port 0 or a way out of the loopback")]
    InvalidInput,
    /// `EAFNOSUPPORT`
    #[error("the socket is not of the address's family")]
    FamilyNotSupported,
    /// `EINVAL`
    #[error("invalid argument: the socket or the address has no name, or the socket is of another kind")]
    InvalidName,
    /// `ENOENT`
    #[error("no such file: no socket of the host was bound to the path, or the file was removed")]
    NotFound,
    /// `EPERM`
    #[error("not permitted: the receiver is connected to another socket")]
    NotPermitted,
    /// `EPROTOTYPE`
    #[error("the socket of that path is of another type")]
    WrongType,
    /// `EBADF`
    #[error("the process that had the socket is dead")]
    BadDescriptor,
    /// `EACCES`
    #[error("not permitted: a broadcast needs `set_broadcast(true)`")]
    BroadcastDenied,
    /// `ENODEV`
    #[error("the host has no such interface")]
    NoSuchInterface,
    /// `ENOPROTOOPT`
    #[error("a socket of this family has no such option")]
    NoSuchOption,
    /// `EOPNOTSUPP`
    #[error("a socket of this family does not support that")]
    NotSupported,
    /// `EMFILE`
    #[error("the host has as many sockets as NetworkConfig::sockets_max allows")]
    TooManySockets,
}

impl Errno {
    /// The kind that the standard library gives to this error. Those without a kind of their own can be made from
    /// their number only, as they are on Linux.
    fn kind(self) -> Result<io::ErrorKind, i32> {
        Ok(match self {
            Errno::WouldBlock => io::ErrorKind::WouldBlock,
            Errno::AddrInUse => io::ErrorKind::AddrInUse,
            Errno::AddrNotAvailable => io::ErrorKind::AddrNotAvailable,
            Errno::ConnectionRefused => io::ErrorKind::ConnectionRefused,
            Errno::ConnectionReset => io::ErrorKind::ConnectionReset,
            Errno::BrokenPipe => io::ErrorKind::BrokenPipe,
            Errno::TimedOut => io::ErrorKind::TimedOut,
            Errno::NetworkUnreachable => io::ErrorKind::NetworkUnreachable,
            Errno::HostUnreachable => io::ErrorKind::HostUnreachable,
            Errno::NotConnected => io::ErrorKind::NotConnected,
            Errno::InvalidInput | Errno::InvalidName => io::ErrorKind::InvalidInput,
            Errno::NotFound => io::ErrorKind::NotFound,
            Errno::NotPermitted | Errno::BroadcastDenied => io::ErrorKind::PermissionDenied,
            Errno::NotSupported => io::ErrorKind::Unsupported,
            Errno::FamilyNotSupported
            | Errno::NoSuchInterface
            | Errno::NoSuchOption
            | Errno::DestinationRequired
            | Errno::MessageTooLong
            | Errno::WrongType
            | Errno::BadDescriptor
            | Errno::TooManySockets => return Err(self.number()),
        })
    }

    /// Its number in Linux.
    pub(crate) const fn number(self) -> i32 {
        match self {
            Errno::NotPermitted => 1,
            Errno::NotFound => 2,
            Errno::BadDescriptor => 9,
            Errno::WouldBlock => 11,
            Errno::BroadcastDenied => 13,
            Errno::NoSuchInterface => 19,
            Errno::InvalidInput | Errno::InvalidName => 22,
            Errno::TooManySockets => 24,
            Errno::BrokenPipe => 32,
            Errno::DestinationRequired => 89,
            Errno::MessageTooLong => 90,
            Errno::WrongType => 91,
            Errno::NoSuchOption => 92,
            Errno::NotSupported => 95,
            Errno::FamilyNotSupported => 97,
            Errno::AddrInUse => 98,
            Errno::AddrNotAvailable => 99,
            Errno::NetworkUnreachable => 101,
            Errno::ConnectionReset => 104,
            Errno::NotConnected => 107,
            Errno::TimedOut => 110,
            Errno::ConnectionRefused => 111,
            Errno::HostUnreachable => 113,
        }
    }

    /// The error of a call about an address.
    pub(crate) fn at(self, call: &'static str, address: impl ToString) -> io::Error {
        match self.kind() {
            Ok(kind) => io::Error::new(kind, CallError { call, address: address.to_string(), errno: self }),
            Err(number) => io::Error::from_raw_os_error(number),
        }
    }
}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        match errno.kind() {
            Ok(kind) => kind.into(),
            Err(number) => io::Error::from_raw_os_error(number),
        }
    }
}

/// What an [`io::Error`] of a call about an address holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} {address}: {errno}")]
struct CallError {
    call: &'static str,
    address: String,
    errno: Errno,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_kind_of_the_real_ones_and_say_more() {
        let refused = Errno::ConnectionRefused.at("connect to", "server:7");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(refused.to_string(), "connect to server:7: connection refused: no socket listens there");
    }

    #[test]
    fn a_number_is_that_of_the_kind() {
        let all = [Errno::WouldBlock, Errno::AddrInUse, Errno::BrokenPipe, Errno::NotFound, Errno::TimedOut];
        for errno in all {
            let by_number = io::Error::from_raw_os_error(errno.number());
            assert_eq!(by_number.kind(), io::Error::from(errno).kind(), "{errno}");
        }
    }

    #[test]
    fn an_error_without_a_kind_has_its_number() {
        assert_eq!(io::Error::from(Errno::MessageTooLong).raw_os_error(), Some(90));
    }
}
