//! A TCP socket before it listens or connects.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::host::{Fresh, whole_seconds};
use crate::network::{Descriptor, Network};

/// The most bytes that a buffer can be given (`net.core.wmem_max`, `net.core.rmem_max`).
const BUFFER_BYTES_MAX: u32 = 212_992;
/// The least sizes, as they are told.
const SEND_BUFFER_SIZE_MIN: u32 = 4_608;
const RECEIVE_BUFFER_SIZE_MIN: u32 = 2_304;

/// A TCP socket to be configured before it listens or connects, on the current node's host. A listener hands its options
/// down to what it accepts.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::{TcpSocket, TcpStream};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async {
///     let socket = TcpSocket::new_v4().unwrap();
///     socket.set_recv_buffer_size(4_096).unwrap();
///     socket.bind("127.0.0.1:7".parse().unwrap()).unwrap();
///     let listener = socket.listen(16).unwrap();
///     let client = TcpSocket::new_v4().unwrap();
///     client.set_keepalive(true).unwrap();
///     let stream = client.connect(listener.local_addr().unwrap()).await.unwrap();
///     assert!(stream.keepalive().unwrap());
/// }).unwrap();
/// ```
pub struct TcpSocket {
    descriptor: Descriptor,
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    /// If the host has as many sockets as it can have.
    ///
    /// # Panics
    /// Outside a run.
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(false)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    /// If the host has as many sockets as it can have.
    ///
    /// # Panics
    /// Outside a run.
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(true)
    }

    fn new(is_v6: bool) -> io::Result<TcpSocket> {
        let network = Network::current();
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        Ok(TcpSocket { descriptor: network.open(here, |kernel| kernel.tcp_socket(is_v6))? })
    }

    /// Gives it an address of the current node's host; port 0 stands for any free one.
    ///
    /// # Errors
    /// `AddrInUse` if the port is taken, `AddrNotAvailable` if the address is not the host's, `InvalidInput` if it has an
    /// address already.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        let bound = self.descriptor.with(|kernel, socket| kernel.tcp_bind(socket, addr));
        bound.map_err(|errno| errno.at("bind", addr))
    }

    /// Connects from where it is bound, or from any free port.
    ///
    /// # Errors
    /// As [`TcpStream::connect`]; `AddrNotAvailable` if there is a connection between the two addresses.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        let connected = async {
            self.descriptor.with_address(addr.ip(), |kernel, socket| kernel.tcp_connect(socket, addr))?;
            TcpStream::when_connected(self.descriptor).await
        };
        connected.await.map_err(|errno| errno.at("connect to", addr))
    }

    /// Listens where it is bound. One connection more than `backlog` can wait to be accepted; beyond that, connecting
    /// takes until there is room.
    ///
    /// # Errors
    /// `AddrInUse` if another socket listens there.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.descriptor.with(|kernel, socket| kernel.tcp_listen(socket, backlog))?;
        Ok(TcpListener::from_descriptor(self.descriptor))
    }

    /// Where it is bound; `0.0.0.0:0` or `[::]:0` if it is not.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_fresh_address(socket)))
    }

    /// An error that nobody was told yet; there is none before it connects.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }

    fn with<R>(&self, call: impl FnOnce(&mut Fresh) -> R) -> R {
        self.descriptor.with(|kernel, socket| call(kernel.tcp_fresh(socket)))
    }
}

/// Options of which each has a call to ask for it, and one to set it.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident, $set:ident: $type:ty = $fresh:ident => $place:expr;)+) => {
        impl TcpSocket {$(
            $(#[doc = $doc])+
            ///
            /// # Errors
            /// None that this network has; real ones have.
            pub fn $name(&self) -> io::Result<$type> {
                Ok(self.with(|$fresh| $place))
            }

            #[doc = concat!("Sets what [`TcpSocket::", stringify!($name), "`] tells.")]
            ///
            /// # Errors
            /// None that this network has; real ones have.
            pub fn $set(&self, $name: $type) -> io::Result<()> {
                self.with(|$fresh| $place = $name);
                Ok(())
            }
        )+}
    };
}

options! {
    /// Whether an idle peer is probed (`SO_KEEPALIVE`), at the times of
    /// [`TcpConfig::keepalive`](crate::TcpConfig::keepalive).
    keepalive, set_keepalive: bool = fresh => fresh.settings.options.keepalive;
    /// Whether the port is shared with other sockets that say so as well, unless one of them listens (`SO_REUSEADDR`).
    reuseaddr, set_reuseaddr: bool = fresh => fresh.settings.sharing.address;
    /// Whether the port is shared with other sockets that say so as well, listeners included (`SO_REUSEPORT`): which of
    /// them gets a connection is drawn.
    reuseport, set_reuseport: bool = fresh => fresh.settings.sharing.port;
    /// Whether small segments are sent at once (`TCP_NODELAY`).
    nodelay, set_nodelay: bool = fresh => fresh.settings.options.nodelay;
    /// The type of service of IPv4 packets (`IP_TOS`). It is remembered only.
    tos_v4, set_tos_v4: u32 = fresh => fresh.service;
    /// The traffic class of IPv6 packets (`IPV6_TCLASS`). It is remembered only.
    tclass_v6, set_tclass_v6: u32 = fresh => fresh.service;
}

impl TcpSocket {
    /// How long closing lingers: see [`TcpStream::set_linger`].
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(self.with(|fresh| fresh.settings.options.linger))
    }

    /// Sets how long closing lingers: see [`TcpStream::set_linger`].
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.with(|fresh| fresh.settings.options.linger = whole_seconds(dur));
        Ok(())
    }

    /// Has the connection reset when it is dropped: [`TcpSocket::set_linger`] with zero.
    ///
    /// # Errors
    /// As [`TcpSocket::set_linger`].
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// The size of the send buffer (`SO_SNDBUF`): twice the bytes that it holds, as Linux counts.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        Ok(self.with(|fresh| fresh.settings.options.send_buffer_bytes.saturating_mul(2)))
    }

    /// Sets how many bytes the send buffer holds: from 2,304 to 212,992, else the nearest. Smaller ones are made with
    /// [`TcpConfig::send_buffer_bytes`](crate::TcpConfig::send_buffer_bytes).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        let bytes = size.clamp(SEND_BUFFER_SIZE_MIN / 2, BUFFER_BYTES_MAX);
        self.with(|fresh| fresh.settings.options.send_buffer_bytes = bytes);
        Ok(())
    }

    /// The size of the receive buffer (`SO_RCVBUF`): twice the bytes that it holds, as Linux counts.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        Ok(self.with(|fresh| fresh.settings.options.receive_buffer_bytes.saturating_mul(2)))
    }

    /// Sets how many bytes the receive buffer holds: from 1,152 to 212,992, else the nearest. Smaller ones are made with
    /// [`TcpConfig::receive_buffer_bytes`](crate::TcpConfig::receive_buffer_bytes).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        let bytes = size.clamp(RECEIVE_BUFFER_SIZE_MIN / 2, BUFFER_BYTES_MAX);
        self.with(|fresh| fresh.settings.options.receive_buffer_bytes = bytes);
        Ok(())
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TcpSocket").finish_non_exhaustive()
    }
}
