//! A Unix socket that waits for connections.

use std::fmt;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::SocketAddr;
use super::socket::UnixSocket;
use super::stream::UnixStream;
use crate::host::Kernel;
use crate::host::unix::Name;
use crate::network::{Descriptor, Network};
use crate::waiters::Interest;

const ACCEPT: Label = Label::new("unix.accept");

/// Listens for connections to a path or an abstract name of the current node's host. Dropping it resets those that were not
/// accepted, and leaves the file: see [`unix`](crate::unix).
pub struct UnixListener {
    pub(super) descriptor: Descriptor,
}

impl UnixListener {
    /// Listens at a path, or at the abstract name that follows a zero byte.
    ///
    /// # Errors
    /// `AddrInUse` if there is such a file, be it that no socket has it any more; `InvalidInput` if the path is longer than
    /// 107 bytes.
    ///
    /// # Panics
    /// Outside a run.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::bind_name(Name::from_path(path.as_ref())?)
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// As [`UnixListener::bind`].
    ///
    /// # Panics
    /// Outside a run.
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_name(socket_addr.name.clone())
    }

    fn bind_name(name: Name) -> io::Result<UnixListener> {
        let network = Network::current();
        let backlog = network.with_wire(|wire| wire.config.unix.accept_backlog);
        let socket = UnixSocket::new_stream()?;
        socket.bind_name(name)?;
        socket.listen(backlog)
    }

    /// Waits for a connection, and gives it with the address of the peer.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accept = |kernel: &mut Kernel<'_>, socket| kernel.unix_accept(socket);
        let (socket, peer) = self.descriptor.wait(Interest::Read, ACCEPT, accept).await?;
        Ok((UnixStream { descriptor: self.descriptor.sibling(socket) }, SocketAddr::from(peer)))
    }

    /// [`UnixListener::accept`] for a hand-made future. Of the tasks that poll, only the last is woken, as with tokio.
    ///
    /// # Errors
    /// As [`UnixListener::accept`].
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted =
            self.descriptor.poll(cx, Interest::Read, ACCEPT, |kernel, socket| kernel.unix_accept(socket));
        accepted.map_ok(|(socket, peer)| {
            (UnixStream { descriptor: self.descriptor.sibling(socket) }, SocketAddr::from(peer))
        })
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.unix_name(socket)).into())
    }

    /// What is to be told of the socket (`SO_ERROR`), which is nothing.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.unix_take_error(socket));
        Ok(errno.map(io::Error::from))
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UnixListener").finish_non_exhaustive()
    }
}
