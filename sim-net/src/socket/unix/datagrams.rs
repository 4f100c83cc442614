//! A Unix socket for datagrams.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::path::Path;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::super::ready::ready;
use super::SocketAddr;
use super::socket::UnixSocket;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::host::unix::Name;
use crate::network::{Descriptor, Network};
use crate::waiters::Interest;

pub(super) const SEND: Label = Label::new("unix.send");
pub(super) const RECEIVE: Label = Label::new("unix.recv");

/// Sends datagrams to sockets of the same host, and receives theirs: in order, whole, and none is lost. A sender waits when
/// the receiver has [`UnixConfig::max_dgram_qlen`](crate::UnixConfig::max_dgram_qlen) to receive.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::UnixDatagram;
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async {
///     let log = UnixDatagram::bind("/dev/log").unwrap();
///     let program = UnixDatagram::unbound().unwrap();
///     program.send_to(b"hello", "/dev/log").await.unwrap();
///     let mut buffer = [0; 64];
///     let (length, from) = log.recv_from(&mut buffer).await.unwrap();
///     assert_eq!(&buffer[..length], b"hello");
///     assert!(from.is_unnamed());
/// }).unwrap();
/// ```
pub struct UnixDatagram {
    pub(super) descriptor: Descriptor,
}

impl UnixDatagram {
    /// Opens a socket at a path, or at the abstract name that follows a zero byte.
    ///
    /// # Errors
    /// As [`UnixListener::bind`](crate::UnixListener::bind).
    ///
    /// # Panics
    /// Outside a run.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        let socket = UnixSocket::new_datagram()?;
        socket.bind(path)?;
        socket.datagram()
    }

    /// Opens a socket without a name, to which nobody can send.
    ///
    /// # Errors
    /// If the host has too many sockets.
    ///
    /// # Panics
    /// Outside a run.
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixSocket::new_datagram()?.datagram()
    }

    /// Two sockets without names that are connected to each other.
    ///
    /// # Errors
    /// If the host has too many sockets.
    ///
    /// # Panics
    /// Outside a run.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let network = Network::current();
        let (one, other) = network.with_host(|kernel| kernel.unix_datagrams_pair())?;
        let datagrams = |socket| UnixDatagram { descriptor: network.descriptor(socket) };
        Ok((datagrams(one), datagrams(other)))
    }

    /// Sets where [`UnixDatagram::send`] sends to, and from where alone datagrams are taken. As on Linux, what has come from
    /// a former peer is lost.
    ///
    /// # Errors
    /// `NotFound` if there is no file; `ConnectionRefused` if no socket has it; `PermissionDenied` if that socket is
    /// connected to another.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let name = Name::from_path(path.as_ref())?;
        let connected =
            self.descriptor.with(|kernel, socket| kernel.unix_datagrams_connect(socket, name.clone()));
        connected.map_err(|errno| errno.at("connect to", name))
    }

    /// Sends a datagram to the socket at a path or an abstract name; waits while that has too many to receive. As with tokio on
    /// Linux, it goes on when one is received that this socket has sent: one that is not connected is told of no other.
    ///
    /// # Errors
    /// As [`UnixDatagram::connect`]; `EMSGSIZE` if it does not fit into the send buffer; `BrokenPipe` if the receiver was
    /// shut down.
    pub async fn send_to<P: AsRef<Path>>(&self, buf: &[u8], target: P) -> io::Result<usize> {
        let name = Name::from_path(target.as_ref())?;
        let send = |kernel: &mut Kernel<'_>, socket| kernel.unix_send(socket, buf, Some(&name));
        self.wait_for(Interest::Write, SEND, send).await
    }

    /// [`UnixDatagram::send_to`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock`; else as [`UnixDatagram::send_to`].
    pub fn try_send_to<P: AsRef<Path>>(&self, buf: &[u8], target: P) -> io::Result<usize> {
        let name = Name::from_path(target.as_ref())?;
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.unix_send(socket, buf, Some(&name)))
    }

    /// Sends a datagram to the peer; waits while that has too many to receive.
    ///
    /// # Errors
    /// `ConnectionRefused` once if the peer is gone, then `NotConnected`; else as [`UnixDatagram::send_to`].
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.wait_for(Interest::Write, SEND, |kernel, socket| kernel.unix_send(socket, buf, None)).await
    }

    /// [`UnixDatagram::send`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock`; else as [`UnixDatagram::send`].
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.unix_send(socket, buf, None))
    }

    /// [`UnixDatagram::send_to`] for a hand-made future. Of the tasks that poll to send, only the last is woken, as with tokio.
    ///
    /// # Errors
    /// As [`UnixDatagram::send_to`].
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>> {
        let name = Name::from_path(target.as_ref())?;
        let send = |kernel: &mut Kernel<'_>, socket| kernel.unix_send(socket, buf, Some(&name));
        self.descriptor.poll(cx, Interest::Write, SEND, send)
    }

    /// [`UnixDatagram::send`] for a hand-made future. Of the tasks that poll to send, only the last is woken, as with tokio.
    ///
    /// # Errors
    /// As [`UnixDatagram::send`].
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.descriptor.poll(cx, Interest::Write, SEND, |kernel, socket| kernel.unix_send(socket, buf, None))
    }

    /// Receives a datagram and the address of its sender. What does not fit into `buf` is lost. After a shutdown of the
    /// reading half there are no bytes of nobody.
    ///
    /// # Errors
    /// `ConnectionReset` once, if the peer has connected to another and lost what was sent to it.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let receive = |kernel: &mut Kernel<'_>, socket| receive_or_end(kernel, socket, buf);
        let (length, name) = self.wait_for(Interest::Read, RECEIVE, receive).await?;
        Ok((length, name.into()))
    }

    /// [`UnixDatagram::recv_from`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing, also after a shutdown, as on Linux; else as [`UnixDatagram::recv_from`].
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received =
            self.descriptor.try_call(Interest::Read, |kernel, socket| kernel.unix_recv_from(socket, buf));
        received.map(|(length, name)| (length, name.into()))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`UnixDatagram::recv_from`].
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(buf).await?.0)
    }

    /// [`UnixDatagram::recv`] if that does not block.
    ///
    /// # Errors
    /// As [`UnixDatagram::try_recv_from`].
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.unix_name(socket)).into())
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.unix_peer_name(socket))?.into())
    }

    /// What the peer has done, if nobody was told yet (`SO_ERROR`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.unix_take_error(socket));
        Ok(errno.map(io::Error::from))
    }

    /// Closes one half or both: no more is sent, or received. Those who send to it are told `BrokenPipe`.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let (read, write) = (how != Shutdown::Write, how != Shutdown::Read);
        self.descriptor.with(|kernel, socket| kernel.unix_datagrams_shutdown(socket, read, write));
        Ok(())
    }

    async fn wait_for<R>(
        &self,
        interest: Interest,
        label: Label,
        call: impl FnMut(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        self.descriptor.wait(interest, label, call).await
    }
}

pub(super) fn receive_or_end(
    kernel: &mut Kernel<'_>,
    socket: SocketId,
    buffer: &mut [u8],
) -> Result<(usize, Name), Errno> {
    match kernel.unix_recv_from(socket, buffer) {
        Err(Errno::WouldBlock) if kernel.unix_is_read_closed(socket) => Ok((0, Name::Unnamed)),
        result => result,
    }
}

ready!(UnixDatagram, [RECEIVE, SEND], poll_recv_ready, poll_send_ready);

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UnixDatagram").finish_non_exhaustive()
    }
}
