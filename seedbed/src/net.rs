//! Simulated sockets, hosts and links, all of [`sim_net`], with tokio's modules for the halves of streams.
//!
//! What a program uses of `tokio::net` it finds here under the same name: `TcpStream`, `tcp::OwnedReadHalf`,
//! `unix::SocketAddr`.

pub use sim_net::*;

/// The halves of TCP streams, as `tokio::net::tcp` has them.
pub mod tcp {
    pub use sim_net::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
}
