//! Resets: one connection is ended from outside.

use std::net::SocketAddr;

use crate::address::SocketId;
use crate::host::Kernel;
use crate::network::Network;
use crate::socket::TcpStream;

/// What names a TCP connection: one of its streams, or the addresses of its two ends in any order.
pub trait ToConnection {
    /// The addresses of both ends; `None` if the connection has ended.
    fn addresses(&self) -> Option<[SocketAddr; 2]>;
}

impl ToConnection for &TcpStream {
    fn addresses(&self) -> Option<[SocketAddr; 2]> {
        Some([self.local_addr().ok()?, self.peer_addr().ok()?])
    }
}

impl ToConnection for (SocketAddr, SocketAddr) {
    fn addresses(&self) -> Option<[SocketAddr; 2]> {
        Some([self.0, self.1])
    }
}

/// Ends one TCP connection with a RST to each of its ends, as a firewall or another middlebox does that has forgotten it. Both ends
/// see it at once: reads and writes fail with `ConnectionReset`, or `BrokenPipe` where the peer had ended. Whether there was such a
/// connection.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::{TcpListener, TcpStream, fault};
///
/// Executor::new(ProductionOrder).block_on(async {
///     let listener = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7")).await.unwrap().unwrap();
///     let stream = TcpStream::connect("server:7").await.unwrap();
///     let (peer, _) = listener.accept().await.unwrap();
///     assert!(fault::reset(&stream));
///     for end in [stream, peer] {
///         end.readable().await.unwrap();
///         assert_eq!(end.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
///     }
/// }).unwrap();
/// ```
///
/// # Panics
/// Outside a run.
pub fn reset(connection: impl ToConnection) -> bool {
    let Some([one, other]) = connection.addresses() else { return false };
    Network::current().with_hosts(|hosts, wire| {
        let count = hosts.len() as u32;
        let mut is_found = false;
        for (local, remote) in [(one, other), (other, one)] {
            for host in hosts.iter_mut() {
                let socket: Option<SocketId> = host.find_connection(wire, local, remote);
                if let Some(socket) = socket {
                    Kernel::new(host, wire, count).reset_from_outside(socket);
                    is_found = true;
                }
            }
        }
        if is_found {
            wire.note_fault(|| format!("reset {one} <-> {other}"));
        }
        is_found
    })
}
