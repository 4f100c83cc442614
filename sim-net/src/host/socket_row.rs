//! A socket as a row of a table.

use std::fmt;
use std::net;

use super::unix;
use crate::tcp::{SocketState, Timer};

/// A socket, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRow {
    /// The name of the node whose host it is on.
    pub node: String,
    /// What it carries.
    pub protocol: Protocol,
    /// Where it is.
    pub local: Address,
    /// What it is connected to, if it is.
    pub remote: Option<Address>,
    /// Its state, as Linux names those of TCP.
    pub state: SocketState,
    /// Bytes that can be read; of UDP with what each datagram counts besides, of a listener the connections that can be
    /// accepted.
    pub recv_q: u64,
    /// Bytes that were sent and are not acknowledged, the SYN and the FIN being one each; of Unix sockets what counts in the
    /// send buffer, of a listener its backlog, of UDP zero.
    pub send_q: u64,
    /// What happens next by itself, and when. An acknowledgement that is delayed is none.
    pub timer: Option<Timer>,
}

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP, over IPv4 or IPv6.
    Tcp,
    /// UDP, over IPv4 or IPv6.
    Udp,
    /// Streams between Unix sockets.
    UnixStream,
    /// Datagrams between Unix sockets.
    UnixDatagram,
}

/// Where a socket is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Address {
    /// At an IP address, with a port.
    Inet(net::SocketAddr),
    /// At a path or a name, or at none.
    Unix(unix::SocketAddr),
}

impl SocketRow {
    /// By what the rows of a host are ordered.
    pub(super) fn order(&self) -> (Protocol, &Address, Option<&Address>) {
        (self.protocol, &self.local, self.remote.as_ref())
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::UnixStream => "u_str",
            Protocol::UnixDatagram => "u_dgr",
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(address) => write!(out, "{address}"),
            Address::Unix(address) => write!(out, "{}", address.name),
        }
    }
}
