//! A Unix socket before it is known what becomes of it.

use std::fmt;
use std::io;
use std::path::Path;

use super::datagrams::UnixDatagram;
use super::listener::UnixListener;
use super::stream::UnixStream;
use crate::errno::Errno;
use crate::host::unix::Name;
use crate::network::{Descriptor, Network};

/// A socket that is bound, then listens or connects, as `tokio::net::UnixSocket`: for a client that has a name, or a
/// backlog of one's own.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::{UnixSocket, UnixStream};
/// use std::io::ErrorKind::WouldBlock;
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async {
///     let socket = UnixSocket::new_stream().unwrap();
///     socket.bind("/run/a.sock").unwrap();
///     let _listener = socket.listen(0).unwrap();
///     let _waiting = UnixStream::connect("/run/a.sock").await.unwrap();
///     let refused = UnixStream::connect("/run/a.sock").await.unwrap_err();
///     assert_eq!(refused.kind(), WouldBlock, "as on Linux");
/// }).unwrap();
/// ```
pub struct UnixSocket {
    descriptor: Descriptor,
    is_stream: bool,
}

impl UnixSocket {
    /// For streams.
    ///
    /// # Errors
    /// If the host has too many sockets.
    ///
    /// # Panics
    /// Outside a run.
    pub fn new_stream() -> io::Result<UnixSocket> {
        let network = Network::current();
        let socket = network.with_host(|kernel| kernel.unix_open())?;
        Ok(UnixSocket { descriptor: network.descriptor(socket), is_stream: true })
    }

    /// For datagrams.
    ///
    /// # Errors
    /// If the host has too many sockets.
    ///
    /// # Panics
    /// Outside a run.
    pub fn new_datagram() -> io::Result<UnixSocket> {
        let network = Network::current();
        let socket = network.with_host(|kernel| kernel.unix_datagrams())?;
        Ok(UnixSocket { descriptor: network.descriptor(socket), is_stream: false })
    }

    /// Gives the socket a path, or the abstract name that follows a zero byte.
    ///
    /// # Errors
    /// As [`UnixListener::bind`]; `InvalidInput` if it has a name.
    pub fn bind<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.bind_name(Name::from_path(path.as_ref())?)
    }

    pub(super) fn bind_name(&self, name: Name) -> io::Result<()> {
        let bound = self.descriptor.with(|kernel, socket| kernel.unix_bind(socket, name.clone()));
        bound.map_err(|errno| errno.at("bind", name))
    }

    /// Waits for connections, of which one more than `backlog` may wait to be accepted.
    ///
    /// # Errors
    /// If it is for datagrams; `InvalidInput` if it was not bound.
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.must_be(true, "listen cannot be called on a datagram socket")?;
        self.descriptor.with(|kernel, socket| kernel.unix_listen(socket, backlog))?;
        Ok(UnixListener { descriptor: self.descriptor })
    }

    /// Connects to a listener. As with tokio, that is done at once, and known when other tasks have had their turn.
    ///
    /// # Errors
    /// As [`UnixStream::connect`]; if it is for datagrams.
    pub async fn connect<P: AsRef<Path>>(self, path: P) -> io::Result<UnixStream> {
        self.must_be(true, "connect cannot be called on a datagram socket")?;
        self.connect_name(Name::from_path(path.as_ref())?).await
    }

    pub(super) async fn connect_name(self, name: Name) -> io::Result<UnixStream> {
        self.descriptor.go_on().await;
        let connected = self.descriptor.with(|kernel, socket| kernel.unix_connect(socket, &name));
        self.descriptor.charge();
        match connected {
            Ok(()) => {
                self.descriptor.turn().await;
                match self.descriptor.with(|kernel, socket| kernel.unix_take_error(socket)) {
                    None => Ok(UnixStream { descriptor: self.descriptor }),
                    Some(errno) => Err(errno.at("connect to", name)),
                }
            }
            Err(Errno::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(errno) => Err(errno.at("connect to", name)),
        }
    }

    /// The socket for datagrams that it is.
    ///
    /// # Errors
    /// If it is for streams.
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.must_be(false, "datagram cannot be called on a stream socket")?;
        Ok(UnixDatagram { descriptor: self.descriptor })
    }

    fn must_be(&self, stream: bool, why: &'static str) -> io::Result<()> {
        if self.is_stream == stream { Ok(()) } else { Err(io::Error::other(why)) }
    }
}

impl fmt::Debug for UnixSocket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UnixSocket").finish_non_exhaustive()
    }
}
