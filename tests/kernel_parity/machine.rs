//! What a program can ask of a machine: calls that never wait, under tokio's names.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::script::DatagramOption;

/// A real or simulated machine with its loopback.
pub(crate) trait Machine {
    type Listener;
    type Stream;
    type Datagrams;

    /// A port at which nothing takes TCP connections or datagrams.
    fn closed_port(&self) -> u16;
    /// Lets a little time pass.
    async fn pause(&self);

    async fn listen(&self, at: SocketAddr, backlog: u32) -> io::Result<Self::Listener>;
    /// Gives up with `TimedOut`.
    async fn connect(&self, to: SocketAddr, patience: Duration) -> io::Result<Self::Stream>;
    async fn bind(&self, at: SocketAddr) -> io::Result<Self::Datagrams>;

    fn accept(&self, listener: &Self::Listener) -> io::Result<(Self::Stream, SocketAddr)>;
    fn listener_address(&self, listener: &Self::Listener) -> io::Result<SocketAddr>;

    fn read(&self, stream: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize>;
    fn peek(&self, stream: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&self, stream: &Self::Stream, data: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, stream: &Self::Stream, data: &[io::IoSlice<'_>]) -> io::Result<usize>;
    async fn shutdown(&self, stream: &Self::Stream) -> io::Result<()>;
    fn options<'a>(&self, stream: &'a Self::Stream) -> &'a dyn StreamOptions;

    async fn connect_udp(&self, socket: &Self::Datagrams, to: SocketAddr) -> io::Result<()>;
    fn send_to(&self, socket: &Self::Datagrams, data: &[u8], to: SocketAddr) -> io::Result<usize>;
    fn send(&self, socket: &Self::Datagrams, data: &[u8]) -> io::Result<usize>;
    fn recv_from(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;
    fn peek_from(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;
    fn recv(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<usize>;
    fn datagram_options<'a>(&self, socket: &'a Self::Datagrams) -> &'a dyn DatagramOptions;
}

/// The options and addresses of a stream.
pub(crate) trait StreamOptions {
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    fn take_error(&self) -> io::Result<Option<io::Error>>;
    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()>;
    fn linger(&self) -> io::Result<Option<Duration>>;
    fn set_nodelay(&self, nodelay: bool) -> io::Result<()>;
    fn nodelay(&self) -> io::Result<bool>;
    fn is_readable(&self) -> bool;
    fn is_writable(&self) -> bool;
    fn has_error(&self) -> bool;
}

/// The options and addresses of a datagram socket.
pub(crate) trait DatagramOptions {
    fn set(&self, option: DatagramOption) -> io::Result<()>;
    fn get(&self, option: DatagramOption) -> io::Result<String>;
    fn join_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
    fn leave_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
    fn join_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()>;
    fn leave_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    fn take_error(&self) -> io::Result<Option<io::Error>>;
    fn is_readable(&self) -> bool;
    fn is_writable(&self) -> bool;
    fn has_error(&self) -> bool;
}
