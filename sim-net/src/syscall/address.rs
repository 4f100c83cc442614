//! The addresses of sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::{EINVAL, ENOTCONN, Opened, RawSocket, Result, SocketKind};
use crate::errno::Errno;
use crate::host::{Shape, unix};

/// The address of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Of IPv4 or IPv6.
    Inet(SocketAddr),
    /// Of a Unix socket: a path, a zero byte with an abstract name behind it, or nothing.
    Unix(Vec<u8>),
}

impl RawSocket {
    /// Its own address.
    #[must_use]
    pub fn local_address(&self) -> Address {
        let is_v6 = matches!(self.kind, SocketKind::Tcp { is_v6: true } | SocketKind::Udp { is_v6: true });
        let descriptor = match &*self.opened.borrow() {
            Opened::NotYet(_) => return Address::Inet(SocketAddr::new(unspecified(is_v6), 0)),
            Opened::At(descriptor) => descriptor.with(|kernel, socket| match kernel.shape(socket) {
                Shape::Fresh => Some(Address::Inet(kernel.tcp_fresh_address(socket))),
                Shape::Stream => Some(Address::Inet(kernel.local_address(socket))),
                Shape::Listener => Some(Address::Inet(kernel.listener_address(socket))),
                Shape::Datagrams => Some(Address::Inet(kernel.udp_address(socket))),
                Shape::Unix => Some(Address::of_name(&kernel.unix_name(socket))),
                Shape::Gone => None,
            }),
        };
        descriptor.unwrap_or(Address::Inet(SocketAddr::new(unspecified(is_v6), 0)))
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// `ENOTCONN` if it is not.
    pub fn peer_address(&self) -> Result<Address> {
        if let Opened::NotYet(_) = &*self.opened.borrow() {
            return Err(ENOTCONN);
        }
        self.call(|kernel, socket| match kernel.shape(socket) {
            Shape::Stream => Ok(Address::Inet(kernel.peer_address(socket)?)),
            Shape::Datagrams => Ok(Address::Inet(kernel.udp_peer_address(socket)?)),
            Shape::Unix => Ok(Address::of_name(&kernel.unix_peer_name(socket)?)),
            Shape::Fresh | Shape::Listener | Shape::Gone => Err(Errno::NotConnected),
        })
    }
}

pub(super) fn unspecified(is_v6: bool) -> IpAddr {
    if is_v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// As in Linux, who connects to no address in particular means the host itself.
pub(super) fn somewhere(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

pub(super) fn name_of(bytes: &[u8]) -> Result<unix::Name> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
    unix::Name::from_path(path).map_err(|_| EINVAL)
}

impl Address {
    pub(super) fn of_name(name: &unix::Name) -> Address {
        Address::Unix(match name {
            unix::Name::Unnamed => Vec::new(),
            unix::Name::Path(path) => path.as_os_str().as_encoded_bytes().to_vec(),
            unix::Name::Abstract(name) => [b"\0", &**name].concat(),
        })
    }
}
