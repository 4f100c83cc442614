//! How sockets get addresses, and connections.

use super::{
    Address, EAFNOSUPPORT, EALREADY, EINPROGRESS, EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP, Opened, RawSocket,
    Result, SocketKind, name_of, somewhere,
};
use crate::errno::Errno;
use crate::host::Shape;
use crate::waiters::Interest;

impl RawSocket {
    /// Gives it an address of the host.
    ///
    /// # Errors
    /// As `bind(2)`: `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` if it has one.
    pub fn bind(&self, address: &Address) -> Result<()> {
        match (self.kind, address) {
            (SocketKind::Tcp { .. }, &Address::Inet(address)) => {
                if self.shape() != Shape::Fresh {
                    return Err(EINVAL);
                }
                self.call(|kernel, socket| kernel.tcp_bind(socket, address))
            }
            (SocketKind::Udp { .. }, &Address::Inet(address)) => self.open_at(address),
            (SocketKind::UnixStream | SocketKind::UnixDatagrams, Address::Unix(name)) => {
                let name = name_of(name)?;
                self.call(|kernel, socket| kernel.unix_bind(socket, name))
            }
            _ => Err(EAFNOSUPPORT),
        }
    }

    /// Waits for connections.
    ///
    /// # Errors
    /// As `listen(2)`.
    pub fn listen(&self, backlog: u32) -> Result<()> {
        match (self.kind, self.shape()) {
            (SocketKind::Tcp { .. }, Shape::Fresh) => {
                self.call(|kernel, socket| kernel.tcp_listen(socket, backlog))
            }
            (SocketKind::Tcp { .. }, Shape::Listener) => Ok(()),
            (SocketKind::UnixStream, _) => self.call(|kernel, socket| kernel.unix_listen(socket, backlog)),
            (SocketKind::Tcp { .. }, _) => Err(EINVAL),
            (SocketKind::Udp { .. } | SocketKind::UnixDatagrams, _) => Err(EOPNOTSUPP),
        }
    }

    /// Takes a connection that has come to a listener.
    ///
    /// # Errors
    /// `EAGAIN` if there is none; `EINVAL` if it does not listen.
    pub fn accept(&self) -> Result<(RawSocket, Address)> {
        let (socket, peer) = match (self.kind, self.shape()) {
            (SocketKind::Tcp { .. }, Shape::Listener) => {
                self.touch(Interest::Read);
                let (socket, peer) = self.call(|kernel, socket| kernel.tcp_accept(socket))?;
                (socket, Address::Inet(peer))
            }
            (SocketKind::UnixStream, _) => {
                let (socket, peer) = self.call(|kernel, socket| kernel.unix_accept(socket))?;
                (socket, Address::of_name(&peer))
            }
            (SocketKind::Tcp { .. }, _) => return Err(EINVAL),
            (SocketKind::Udp { .. } | SocketKind::UnixDatagrams, _) => return Err(EOPNOTSUPP),
        };
        match &*self.opened.borrow() {
            Opened::At(listener) => Ok((RawSocket::new(self.kind, listener.sibling(socket)), peer)),
            Opened::NotYet(_) => Err(EINVAL),
        }
    }

    /// Connects. A stream over TCP begins to, and is writable when that is over.
    ///
    /// # Errors
    /// As `connect(2)` of a socket that does not block.
    pub fn connect(&self, address: &Address) -> Result<()> {
        match (self.kind, address) {
            (SocketKind::Tcp { .. }, &Address::Inet(address)) => match self.shape() {
                Shape::Fresh => {
                    let address = somewhere(address);
                    self.call_at(address.ip(), |kernel, socket| kernel.tcp_connect(socket, address))?;
                    Err(EINPROGRESS)
                }
                Shape::Stream => match self.call(|kernel, socket| kernel.tcp_connected(socket)) {
                    Ok(()) => Err(EISCONN),
                    Err(errno) if errno == Errno::WouldBlock.number() => Err(EALREADY),
                    Err(errno) => Err(errno),
                },
                _ => Err(EISCONN),
            },
            (SocketKind::Udp { .. }, &Address::Inet(address)) => {
                let address = somewhere(address);
                self.call_at(address.ip(), |kernel, socket| kernel.udp_connect(socket, address))
            }
            (SocketKind::UnixStream, Address::Unix(name)) => {
                let name = name_of(name)?;
                self.call(|kernel, socket| kernel.unix_connect(socket, &name))
            }
            (SocketKind::UnixDatagrams, Address::Unix(name)) => {
                let name = name_of(name)?;
                self.call(|kernel, socket| kernel.unix_datagrams_connect(socket, name))
            }
            _ => Err(EAFNOSUPPORT),
        }
    }

    /// Closes halves of it.
    ///
    /// # Errors
    /// `ENOTCONN` if it is not connected.
    pub fn shut_down(&self, reading: bool, writing: bool) -> Result<()> {
        if matches!(self.shape(), Shape::Fresh | Shape::Listener) {
            return Err(ENOTCONN);
        }
        if reading {
            self.is_read_shut.set(true);
        }
        match self.kind {
            SocketKind::Tcp { .. } if writing => self.call(|kernel, socket| kernel.tcp_finish(socket)),
            SocketKind::UnixStream if writing => self.call(|kernel, socket| {
                kernel.unix_finish(socket);
                Ok(())
            }),
            SocketKind::UnixDatagrams => self.call(|kernel, socket| {
                kernel.unix_datagrams_shutdown(socket, reading, writing);
                Ok(())
            }),
            _ => Ok(()),
        }
    }
}
