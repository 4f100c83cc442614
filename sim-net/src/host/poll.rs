//! What a socket is ready for, as `poll(2)` tells it: by its buffers, and not by what a runtime remembers.

use super::Kernel;
use super::sockets::Socket;
use crate::address::SocketId;

/// What can be done at a socket now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// A read would not block (`POLLIN`).
    pub is_readable: bool,
    /// A write would not block (`POLLOUT`).
    pub is_writable: bool,
    /// The peer writes no more (`POLLRDHUP`).
    pub is_read_closed: bool,
    /// Both directions are closed (`POLLHUP`).
    pub is_hung_up: bool,
    /// There is an error that nobody was told yet (`POLLERR`).
    pub has_error: bool,
}

/// What a descriptor leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A TCP socket that neither listens nor connects yet.
    Fresh,
    Stream,
    Listener,
    Datagrams,
    Unix,
    /// Nothing any more.
    Gone,
}

impl Kernel<'_> {
    pub(crate) fn shape(&self, socket: SocketId) -> Shape {
        match self.host.sockets.get(socket) {
            Some(Socket::Fresh(_)) => Shape::Fresh,
            Some(Socket::Stream(_)) => Shape::Stream,
            Some(Socket::Listener(_)) => Shape::Listener,
            Some(Socket::Datagrams(_)) => Shape::Datagrams,
            Some(Socket::Unix(_)) => Shape::Unix,
            None => Shape::Gone,
        }
    }

    /// What can be done at a socket now.
    pub(crate) fn poll_socket(&mut self, socket: SocketId) -> Polled {
        let has_room = match self.shape(socket) {
            Shape::Datagrams => self.udp_has_room(socket),
            _ => true,
        };
        match self.host.sockets.get(socket) {
            // As in Linux: a socket that is not connected has hung up.
            Some(Socket::Fresh(_)) | None => {
                Polled { is_writable: true, is_hung_up: true, ..Polled::default() }
            }
            Some(Socket::Stream(stream)) => {
                let connection = &stream.connection;
                Polled {
                    is_readable: connection.is_readable(),
                    is_writable: connection.is_writable(),
                    is_read_closed: connection.is_read_closed(),
                    is_hung_up: connection.is_write_closed(),
                    has_error: connection.has_error(),
                }
            }
            Some(Socket::Listener(listener)) => {
                Polled { is_readable: !listener.backlog.is_empty(), ..Polled::default() }
            }
            Some(Socket::Datagrams(datagrams)) => Polled {
                is_readable: datagrams.has_datagram() || datagrams.has_error(),
                is_writable: has_room,
                has_error: datagrams.has_error(),
                ..Polled::default()
            },
            Some(Socket::Unix(unix)) => unix.poll(self.wire.config.unix),
        }
    }

    /// Bytes that can be read from a stream, or in the next datagram (`FIONREAD`).
    pub(crate) fn bytes_to_read(&self, socket: SocketId) -> usize {
        match self.host.sockets.get(socket) {
            Some(Socket::Stream(stream)) => stream.connection.readable(),
            Some(Socket::Datagrams(datagrams)) => datagrams.next_bytes(),
            Some(Socket::Unix(unix)) => unix.readable_bytes(),
            Some(Socket::Fresh(_) | Socket::Listener(_)) | None => 0,
        }
    }
}
