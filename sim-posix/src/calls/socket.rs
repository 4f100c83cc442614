//! Opening sockets, connecting them, and what is told of them.

use std::rc::Rc;

use sim_executor::Label;
use sim_net::syscall::{Address, RawSocket};

use super::{Caller, Direction};
use crate::descriptor::{FIRST, File, Object, Result};

const SOCKET: Label = Label::new("posix.socket");
const CONNECT: Label = Label::new("posix.connect");
const ACCEPT: Label = Label::new("posix.accept");

impl Caller<'_> {
    /// Gives a socket the lowest descriptor.
    fn add_socket(&self, socket: RawSocket, flags: i32) -> Result<i32> {
        let file = File::new(Object::Socket(socket), flags & libc::SOCK_NONBLOCK != 0);
        self.process.descriptors.borrow_mut().add(file, FIRST)
    }

    /// `socket(2)`
    ///
    /// # Errors
    /// `EAFNOSUPPORT` and `EPROTONOSUPPORT` for what the network does not have, such as raw sockets or netlink.
    pub(crate) fn socket(&self, domain: i32, kind: i32, protocol: i32) -> Result<i32> {
        self.enter(SOCKET);
        let is_v6 = domain == libc::AF_INET6;
        let of = kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
        let socket = match (domain, of, protocol) {
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => {
                RawSocket::tcp(is_v6)?
            }
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => {
                RawSocket::udp(is_v6)
            }
            (libc::AF_UNIX, libc::SOCK_STREAM, _) => RawSocket::unix(false)?,
            (libc::AF_UNIX, libc::SOCK_DGRAM, _) => RawSocket::unix(true)?,
            (libc::AF_INET | libc::AF_INET6 | libc::AF_UNIX, ..) => return Err(libc::EPROTONOSUPPORT),
            _ => return Err(libc::EAFNOSUPPORT),
        };
        self.add_socket(socket, kind)
    }

    /// `socketpair(2)`
    ///
    /// # Errors
    /// `EAFNOSUPPORT` if it is not one of Unix sockets.
    pub(crate) fn socket_pair(&self, domain: i32, kind: i32) -> Result<[i32; 2]> {
        self.enter(SOCKET);
        if domain != libc::AF_UNIX {
            return Err(libc::EAFNOSUPPORT);
        }
        let of_datagrams = kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) == libc::SOCK_DGRAM;
        self.process.descriptors.borrow_mut().add_pair(of_datagrams, kind & libc::SOCK_NONBLOCK != 0)
    }

    /// Calls with the socket of a descriptor.
    ///
    /// # Errors
    /// `EBADF`, `ENOTSOCK`, and those of the call.
    pub(crate) fn with_socket<R>(
        &self,
        descriptor: i32,
        call: impl FnOnce(&RawSocket) -> Result<R>,
    ) -> Result<R> {
        self.enter(SOCKET);
        let file = self.process.file(descriptor)?;
        match &file.object {
            Object::Socket(socket) => call(socket),
            _ => Err(libc::ENOTSOCK),
        }
    }

    /// `listen(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn listen(&self, descriptor: i32, backlog: i32) -> Result<()> {
        let backlog = u32::try_from(backlog).unwrap_or(u32::MAX);
        self.with_socket(descriptor, |socket| socket.listen(backlog))?;
        self.look_again(descriptor);
        Ok(())
    }

    /// `connect(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn connect(&self, descriptor: i32, address: &Address) -> Result<()> {
        self.enter(CONNECT);
        let file = self.process.file(descriptor)?;
        let Object::Socket(socket) = &file.object else { return Err(libc::ENOTSOCK) };
        let begun = self.until_done(&file, (CONNECT, Direction::Writing), false, || socket.connect(address));
        if begun == Err(libc::EINPROGRESS) {
            self.look_again(descriptor);
        }
        if begun != Err(libc::EINPROGRESS) || file.is_nonblocking.get() {
            return begun;
        }
        let is_over = || match socket.poll() {
            polled if polled.is_writable || polled.has_error => Ok(()),
            _ => Err(libc::EAGAIN),
        };
        match self.until_done(&file, (CONNECT, Direction::Writing), true, is_over) {
            Ok(()) => match socket.take_error() {
                0 => Ok(()),
                errno => Err(errno),
            },
            // The time to send is over, as Linux tells it.
            Err(libc::EAGAIN) => Err(libc::EINPROGRESS),
            Err(errno) => Err(errno),
        }
    }

    /// `accept4(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn accept(&self, descriptor: i32, flags: i32) -> Result<(i32, Address)> {
        self.enter(ACCEPT);
        let file = self.process.file(descriptor)?;
        let Object::Socket(socket) = &file.object else { return Err(libc::ENOTSOCK) };
        let (accepted, peer) =
            self.until_done(&file, (ACCEPT, Direction::Reading), true, || socket.accept())?;
        Ok((self.add_socket(accepted, flags)?, peer))
    }

    /// A socket has become another, which an epoll does not know yet.
    fn look_again(&self, descriptor: i32) {
        let Ok(changed) = self.process.file(descriptor) else { return };
        let epolls: Vec<Rc<File>> = {
            let descriptors = self.process.descriptors.borrow();
            descriptors.iter().filter(|file| matches!(file.object, Object::Epoll(_))).cloned().collect()
        };
        for epoll in epolls {
            if let Object::Epoll(epoll) = &epoll.object {
                epoll.look_at(&changed);
            }
        }
    }
}
