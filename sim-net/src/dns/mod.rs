//! The resolver of a run: what names stand for.
//!
//! Every [`TcpStream::connect`](crate::TcpStream::connect), `bind` and `send_to` by name asks it, and so does
//! [`lookup_host`]. Unless it is told otherwise, it knows the names of the nodes, and answers at once with the address in
//! 10.0.0.0/8 of the host. [`set`] gives a name other addresses, in the middle of a run as well; [`configure`] makes lookups
//! slow, or fail. It is not on a host, so that a partition does not keep anybody from it. Nobody remembers an answer.
//!
//! ```
//! use sim_executor::{Executor, Node, ProductionOrder};
//! use sim_net::{TcpListener, TcpStream, dns};
//! use std::net::IpAddr;
//!
//! let mut executor = Executor::new(ProductionOrder);
//! executor.block_on(async {
//!     let old: IpAddr = "192.0.2.1".parse().unwrap();
//!     let new: IpAddr = "10.0.0.2".parse().unwrap();
//!     dns::set("db.example", [old]);
//!     let error = TcpStream::connect("db.example:5432").await.unwrap_err();
//!     assert_eq!(error.kind(), std::io::ErrorKind::NetworkUnreachable, "no host has the old address");
//!
//!     let _listener = Node::named("db").spawn(TcpListener::bind("0.0.0.0:5432")).await.unwrap();
//!     dns::set("db.example", [old, new]);
//!     let stream = TcpStream::connect("db.example:5432").await.unwrap();
//!     assert_eq!(stream.peer_addr().unwrap().ip(), new, "one address is tried after the other");
//! }).unwrap();
//! ```

mod lookup;
mod names;

pub use crate::resolver::{DnsConfig, NodeAddresses, Record};
pub use lookup::{configure, current_config, lookup_host, remove, set};
pub use names::ToSocketAddrs;

pub(crate) use lookup::{first_of, resolve};
pub(crate) use names::Addresses;
