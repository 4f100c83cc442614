//! The sockets of hosts as a table, such as `ss` and `netstat` show them.
//!
//! ```
//! use sim_executor::{Executor, Node, ProductionOrder};
//! use sim_net::{TcpListener, netstat};
//!
//! let mut executor = Executor::new(ProductionOrder);
//! let table = executor.block_on(async {
//!     let _listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
//!     netstat::netstat()
//! }).unwrap();
//! assert_eq!(table.to_string(), "\
//! node  proto  recv-q  send-q  local      remote  state   timer
//! main  tcp    0       1024    0.0.0.0:7  *       LISTEN  -
//! ");
//! ```

use std::fmt;
use std::net;

use crate::fault::ToHost;
use crate::network::Network;

use crate::host::unix;
pub use crate::tcp::{SocketState, Timer, TimerKind};

/// The sockets of some hosts, in the order of hosts, protocols, addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Netstat {
    /// A row for each.
    pub sockets: Vec<SocketRow>,
}

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

/// The sockets of all hosts of the current run.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn netstat() -> Netstat {
    Netstat { sockets: Network::current().rows(None) }
}

/// The sockets of one host.
///
/// # Panics
/// Outside a run, or if there is no such host.
#[must_use]
pub fn netstat_of(host: impl ToHost) -> Netstat {
    let network = Network::current();
    let host = network.locate(host);
    Netstat { sockets: network.rows(Some(host)) }
}

impl SocketRow {
    /// By what the rows of a host are ordered.
    pub(crate) fn order(&self) -> (Protocol, &Address, Option<&Address>) {
        (self.protocol, &self.local, self.remote.as_ref())
    }

    fn columns(&self) -> [String; 8] {
        let or = |text: Option<String>, without: &str| text.unwrap_or_else(|| without.to_string());
        [
            self.node.clone(),
            self.protocol.to_string(),
            self.recv_q.to_string(),
            self.send_q.to_string(),
            self.local.to_string(),
            or(self.remote.as_ref().map(Address::to_string), "*"),
            self.state.to_string(),
            or(self.timer.map(|timer| timer.to_string()), "-"),
        ]
    }
}

impl fmt::Display for Netstat {
    /// A line with the names of the columns, then one for each socket.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["node", "proto", "recv-q", "send-q", "local", "remote", "state", "timer"];
        let mut lines = vec![names.map(str::to_string)];
        lines.extend(self.sockets.iter().map(SocketRow::columns));
        let mut widths = [0; 8];
        for line in &lines {
            for (width, column) in widths.iter_mut().zip(line) {
                *width = column.chars().count().max(*width);
            }
        }
        for line in &lines {
            let padded = line.iter().zip(widths).map(|(column, width)| format!("{column:width$}"));
            writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
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
