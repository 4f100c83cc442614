//! The sockets that programs use: thin async types over the kernel of a host, as tokio's are.

mod datagrams;
mod halves;
mod io_traits;
mod listener;
mod readiness;
mod ready;
mod split;
mod stream;
mod stream_options;
mod tcp_socket;
pub mod unix;
mod wait;

pub use datagrams::UdpSocket;
pub use listener::TcpListener;
pub use readiness::{Interest, Ready};
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::TcpStream;
pub use tcp_socket::TcpSocket;
pub use unix::datagrams::UnixDatagram;
pub use unix::listener::UnixListener;
pub use unix::socket::UnixSocket;
pub use unix::stream::UnixStream;
