//! Simulated networks: hosts, sockets, links, with real TCP inside.
//!
//! Each node of a run is a host with an address (10.0.0.1 for the first, which is `main`) and the name of the node.
//! [`TcpListener`], [`TcpStream`] and [`UdpSocket`] have tokio's names and signatures, and Linux's errors. What is sent
//! travels in packets over links, whose latency and loss are decisions of the run; a [`fault`] cuts them.
//!
//! [`unix`] has the sockets of programs on one host, [`mod@netstat`] shows which sockets there are, and with the feature `pcap`
//! `capture` keeps the packets for Wireshark.
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use sim_executor::{Executor, KeyedRandom, Node};
//! use sim_net::{TcpListener, TcpStream};
//!
//! let mut executor = Executor::new(KeyedRandom::new(7));
//! let echo = executor.block_on(async {
//!     let listening = Node::named("server").spawn(async { TcpListener::bind("0.0.0.0:7").await.unwrap() });
//!     let listener = listening.await.unwrap();
//!     Node::named("server").spawn(async move {
//!         let (mut stream, _) = listener.accept().await.unwrap();
//!         let mut buffer = [0; 64];
//!         while let Ok(length @ 1..) = stream.read(&mut buffer).await {
//!             stream.write_all(&buffer[..length]).await.unwrap();
//!         }
//!     });
//!     let mut stream = TcpStream::connect("server:7").await.unwrap();
//!     stream.write_all(b"hello").await.unwrap();
//!     let mut echo = [0; 5];
//!     stream.read_exact(&mut echo).await.unwrap();
//!     echo
//! });
//! assert_eq!(echo.unwrap(), *b"hello");
//! assert_eq!(executor.now().to_string(), "0.004", "a round trip to connect, and one for the echo");
//! ```

mod address;
mod bytes;
#[cfg(feature = "pcap")]
pub mod capture;
mod config;
mod config_error;
#[cfg(feature = "serde")]
mod config_text;
pub mod dns;
mod errno;
pub mod fault;
mod given_addresses;
mod host;
mod link;
pub mod netstat;
mod network;
mod packet;
mod pool;
pub mod profile;
mod resolver;
mod socket;
pub mod syscall;
mod tcp;
pub mod vary;
mod waiters;
mod wakers;
mod wire;

pub use config::{NetworkConfig, UdpConfig, UnixConfig};
pub use config_error::{ConfigError, OutOfBounds};
pub use dns::{DnsConfig, ToSocketAddrs, lookup_host};
pub use given_addresses::{AddressError, add_address, addresses, remove_address};
pub use link::{Latency, LinkConfig};
pub use network::{Network, install};
pub use socket::{
    Interest, OwnedReadHalf, OwnedWriteHalf, ReadHalf, Ready, ReuniteError, TcpListener, TcpSocket,
    TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixSocket, UnixStream, WriteHalf, unix,
};
pub use tcp::{TcpConfig, TcpKeepalive};
