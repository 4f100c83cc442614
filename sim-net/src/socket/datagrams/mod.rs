//! A UDP socket.

#[cfg(feature = "tokio")]
mod buffers;
mod options;
mod receive;
mod send;

use std::fmt;
use std::io;
use std::net::SocketAddr;

#[cfg(feature = "tokio")]
pub(super) use buffers::room_of;

use crate::dns::{ToSocketAddrs, first_of, resolve};
use crate::host::Kernel;
use crate::network::{Descriptor, Network};
use crate::socket::ready::ready;

/// Sends and receives datagrams at a port of the current node's host. A datagram may be lost, and may overtake another, as
/// the link has it; and one that finds the receive buffer full is dropped.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::UdpSocket;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let answer = executor.block_on(async {
///     Node::named("server").spawn(async {
///         let socket = UdpSocket::bind("0.0.0.0:53").await.unwrap();
///         let mut buffer = [0; 64];
///         let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
///         socket.send_to(&buffer[..length], client).await.unwrap();
///     });
///     let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
///     socket.send_to(b"ping", "server:53").await.unwrap();
///     let mut buffer = [0; 64];
///     let (length, server) = socket.recv_from(&mut buffer).await.unwrap();
///     assert_eq!(server.port(), 53);
///     buffer[..length].to_vec()
/// });
/// assert_eq!(answer.unwrap(), b"ping");
/// ```
pub struct UdpSocket {
    descriptor: Descriptor,
}

impl UdpSocket {
    /// Opens a socket at an address of the current node's host; with 0.0.0.0 at all of IPv4, with `[::]` at all, those of
    /// IPv4 included, which it then shows mapped into IPv6. Port 0 stands for any free one.
    ///
    /// # Errors
    /// If the name or address is not the host's, or another socket has the port.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        let network = Network::current();
        let descriptor = first_of(&resolve(&addr).await?, |address| {
            let opened = network.open(address.ip(), |kernel| kernel.udp_bind(address));
            opened.map_err(|errno| errno.at("bind", address))
        })?;
        Ok(UdpSocket { descriptor })
    }

    /// Sets where [`UdpSocket::send`] sends to, and from where alone datagrams are received. A socket at all
    /// addresses is then at the one from which it sends there.
    ///
    /// # Errors
    /// If the name stands for nothing, or there is no way to the address; `PermissionDenied` if it is a broadcast, and that is
    /// not allowed.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        first_of(&resolve(&addr).await?, |address| {
            let connect = |kernel: &mut Kernel<'_>, socket| kernel.udp_connect(socket, address);
            self.descriptor
                .with_address(address.ip(), connect)
                .map_err(|errno| errno.at("connect to", address))
        })
    }

    /// The address that the socket has.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.udp_address(socket)))
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_peer_address(socket))
    }

    /// What was learned of a connected peer, if nobody was told yet (`SO_ERROR`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.udp_take_error(socket));
        Ok(errno.map(io::Error::from))
    }
}

ready!(UdpSocket, [receive::RECEIVE, send::SEND], poll_recv_ready, poll_send_ready);

impl fmt::Debug for UdpSocket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UdpSocket").finish_non_exhaustive()
    }
}
