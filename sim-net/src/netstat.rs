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

use crate::network::{Network, ToHost};

pub use crate::host::{Address, Protocol, SocketRow};
pub use crate::tcp::{SocketState, Timer, TimerKind};

/// The sockets of some hosts, in the order of hosts, protocols, addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Netstat {
    /// A row for each.
    pub sockets: Vec<SocketRow>,
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

impl fmt::Display for Netstat {
    /// A line with the names of the columns, then one for each socket.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["node", "proto", "recv-q", "send-q", "local", "remote", "state", "timer"];
        let mut lines = vec![names.map(str::to_string)];
        lines.extend(self.sockets.iter().map(columns));
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

fn columns(row: &SocketRow) -> [String; 8] {
    let or = |text: Option<String>, without: &str| text.unwrap_or_else(|| without.to_string());
    [
        row.node.clone(),
        row.protocol.to_string(),
        row.recv_q.to_string(),
        row.send_q.to_string(),
        row.local.to_string(),
        or(row.remote.as_ref().map(Address::to_string), "*"),
        row.state.to_string(),
        or(row.timer.map(|timer| timer.to_string()), "-"),
    ]
}
