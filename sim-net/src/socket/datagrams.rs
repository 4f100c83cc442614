//! A UDP socket.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use sim_executor::Label;

use super::readiness::{Interest, Ready};
use super::wait::ready_if;
use crate::dns::{ToSocketAddrs, first_of, resolve};
use crate::errno::Errno;
use crate::host::{Interest as Direction, Kernel, SocketId};
use crate::network::{Descriptor, Network};

const RECEIVE: Label = Label::new("udp.recv");

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
    /// Opens a socket at an address of the current node's host, or with 0.0.0.0 at all of them; port 0 stands for any
    /// free one.
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
    /// If no node has the name, or there is no way to the address.
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

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// If it has more than 65,507 bytes (`EMSGSIZE`), `InvalidInput` if the port is 0, if no node has the name, or if there is no way to the address.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        match resolve(&target).await?.as_slice().first() {
            Some(&address) => {
                self.descriptor.go_on().await;
                self.try_send_to(buf, address)
            }
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to")),
        }
    }

    /// [`UdpSocket::send_to`], which never has to wait.
    ///
    /// # Errors
    /// As [`UdpSocket::send_to`].
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let send = |kernel: &mut Kernel<'_>, socket| kernel.udp_send_to(socket, buf, target);
        let sent = self.descriptor.with_address(target.ip(), send);
        self.descriptor.charge();
        Ok(sent?)
    }

    /// Sends a datagram to the address that the socket is connected to.
    ///
    /// # Errors
    /// If it is connected to none; `ConnectionRefused` once, if nobody takes the datagrams there; and as
    /// [`UdpSocket::send_to`].
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.go_on().await;
        self.try_send(buf)
    }

    /// [`UdpSocket::send`], which never has to wait.
    ///
    /// # Errors
    /// As [`UdpSocket::send`].
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_send(socket, buf))
    }

    /// Receives a datagram and the address that it comes from. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` once, if nobody takes the datagrams of a connected socket.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.wait_for(|kernel, socket| kernel.udp_recv_from(socket, buf)).await
    }

    /// [`UdpSocket::recv_from`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; else as [`UdpSocket::recv_from`].
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_recv_from(socket, buf))
    }

    /// [`UdpSocket::recv_from`], but leaves the datagram for the next call.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.wait_for(|kernel, socket| kernel.udp_peek_from(socket, buf)).await
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(buf).await?.0)
    }

    /// [`UdpSocket::recv`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// What was learned of a connected peer, if nobody was told yet (`SO_ERROR`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.udp_take_error(socket));
        Ok(errno.map(io::Error::from))
    }

    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// None; the receiving call will tell.
    pub async fn readable(&self) -> io::Result<()> {
        self.wait_for(|kernel, socket| ready_if(kernel.udp_readable(socket))).await
    }

    /// Waits until a datagram can be sent, which is always.
    ///
    /// # Errors
    /// None.
    pub async fn writable(&self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until the socket is ready for something that is of interest, and tells for what.
    ///
    /// # Errors
    /// None; the next call will tell.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.wait_for(|kernel, socket| {
            let ready = readiness(kernel, socket) & Ready::from_interest(interest);
            if ready.is_empty() { Err(Errno::WouldBlock) } else { Ok(ready) }
        })
        .await
    }

    async fn wait_for<R>(
        &self,
        call: impl FnMut(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        self.descriptor.wait(Direction::Read, RECEIVE, call).await
    }
}

/// What the socket is ready for. There is always room to send.
fn readiness(kernel: &mut Kernel<'_>, socket: SocketId) -> Ready {
    let mut ready = Ready::WRITABLE;
    if kernel.udp_readable(socket) {
        ready |= Ready::READABLE;
    }
    if kernel.udp_has_error(socket) {
        ready |= Ready::ERROR;
    }
    ready
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UdpSocket").finish_non_exhaustive()
    }
}
