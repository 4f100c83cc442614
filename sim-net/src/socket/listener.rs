//! A TCP socket that waits for connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::stream::TcpStream;
use crate::dns::{ToSocketAddrs, first_of, resolve};
use crate::host::Kernel;
use crate::network::{Descriptor, Network};
use crate::waiters::Interest;

const ACCEPT: Label = Label::new("tcp.accept");

/// Listens for TCP connections to a port of the current node's host. Dropping it resets those that were not accepted.
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use sim_executor::{Executor, ProductionOrder, spawn};
/// use sim_net::{TcpListener, TcpStream};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let hello = executor.block_on(async {
///     let listener = TcpListener::bind("localhost:0").await.unwrap();
///     let address = listener.local_addr().unwrap();
///     spawn(async move {
///         let (mut stream, _) = listener.accept().await.unwrap();
///         stream.write_all(b"hello").await.unwrap();
///     });
///     let mut stream = TcpStream::connect(address).await.unwrap();
///     let mut text = String::new();
///     stream.read_to_string(&mut text).await.unwrap();
///     text
/// });
/// assert_eq!(hello.unwrap(), "hello");
/// ```
pub struct TcpListener {
    descriptor: Descriptor,
}

impl TcpListener {
    pub(super) fn from_descriptor(descriptor: Descriptor) -> Self {
        TcpListener { descriptor }
    }

    /// Listens at an address of the current node's host, or with 0.0.0.0 at all of them; port 0 stands for any free one.
    ///
    /// # Errors
    /// If the name or address is not the host's, or another socket has the port.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let network = Network::current();
        let descriptor = first_of(&resolve(&addr).await?, |address| {
            let opened = network.open(address.ip(), |kernel| kernel.tcp_listen_at(address));
            opened.map_err(|errno| errno.at("bind", address))
        })?;
        Ok(TcpListener { descriptor })
    }

    /// Waits for a connection, and gives it with the address of the peer.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = |kernel: &mut Kernel<'_>, socket| kernel.tcp_accept(socket);
        let (socket, peer) = self.descriptor.wait(Interest::Read, ACCEPT, accept).await?;
        Ok((TcpStream::from_descriptor(self.descriptor.sibling(socket)), peer))
    }

    /// [`TcpListener::accept`] for a hand-made future. Of the tasks that poll, only the last is woken, as with tokio.
    ///
    /// # Errors
    /// As [`TcpListener::accept`].
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted =
            self.descriptor.poll(cx, Interest::Read, ACCEPT, |kernel, socket| kernel.tcp_accept(socket));
        accepted.map_ok(|(socket, peer)| (TcpStream::from_descriptor(self.descriptor.sibling(socket)), peer))
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.listener_address(socket)))
    }

    /// The time to live of the packets of what is accepted (`IP_TTL`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_ttl(socket)).into())
    }

    /// Sets the time to live. No packet passes a router, so that it is remembered only.
    ///
    /// # Errors
    /// `InvalidInput` if it is not from 1 to 255.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_set_ttl(socket, ttl))?)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TcpListener").finish_non_exhaustive()
    }
}
