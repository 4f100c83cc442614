//! Unix sockets, under the names of `tokio::net::unix`, with the host's files that they are bound to.
//!
//! A path is a name on the host of the current node, and nothing else: there are no directories, so that `a` and `./a` are
//! two names, and every folder exists. As on a real machine the file stays when its socket is closed, or when its node has
//! crashed: [`remove_file`] removes it, else the next bind fails with `AddrInUse`. A path that begins with a zero byte is an
//! abstract name, which vanishes with its socket.
//!
//! What is written is at once with the other end, which is woken; nothing is lost, and links and faults have no part in it.
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use sim_executor::{Executor, ProductionOrder, spawn};
//! use sim_net::{UnixListener, UnixStream, unix};
//!
//! let mut executor = Executor::new(ProductionOrder);
//! let answer = executor.block_on(async {
//!     let listener = UnixListener::bind("/run/echo.sock").unwrap();
//!     spawn(async move {
//!         let (mut stream, _) = listener.accept().await.unwrap();
//!         let mut text = String::new();
//!         stream.read_to_string(&mut text).await.unwrap();
//!         stream.write_all(text.as_bytes()).await.unwrap();
//!     });
//!     let mut stream = UnixStream::connect("/run/echo.sock").await.unwrap();
//!     stream.write_all(b"hello").await.unwrap();
//!     stream.close().await.unwrap();
//!     let mut text = String::new();
//!     stream.read_to_string(&mut text).await.unwrap();
//!     unix::remove_file("/run/echo.sock").unwrap();
//!     text
//! });
//! assert_eq!(answer.unwrap(), "hello");
//! ```

#[cfg(feature = "tokio")]
mod buffers;
pub(super) mod datagrams;
pub(super) mod listener;
pub(super) mod socket;
mod split;
pub(super) mod stream;

use std::io;
use std::path::Path;

use crate::network::Network;

pub use crate::host::unix::SocketAddr;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};

/// Removes the file of a Unix socket from the current node's host, as `std::fs::remove_file` does. A socket that is bound
/// to it goes on, but nobody can connect to it any more.
///
/// # Errors
/// `NotFound` if there is no such file.
///
/// # Panics
/// Outside a run.
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    let removed = Network::current().with_host(|kernel| kernel.remove_file(path));
    removed.map_err(|errno| errno.at("remove", path.display()))
}

/// Whether the current node's host has a file of this name, be its socket open or not, as `std::fs::exists` says.
///
/// # Errors
/// None that this network has; real file systems have.
///
/// # Panics
/// Outside a run.
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    Ok(Network::current().with_host(|kernel| kernel.has_file(path.as_ref())))
}
