//! What a program can ask of a machine: calls that never wait.

use std::io::{self, IoSlice};
use std::path::Path;

use super::script::Half;

/// What of a real machine is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) send_buffer_bytes: u32,
    pub(crate) max_dgram_qlen: u32,
}

/// What a socket is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Nothing,
    Path(String),
    Abstract(Vec<u8>),
}

/// A real or simulated machine.
pub(crate) trait Machine {
    type Socket;

    fn listen(&self, at: &Path, backlog: u32) -> io::Result<Self::Socket>;
    fn connect(&self, from: Option<&Path>, to: &Path) -> io::Result<Self::Socket>;
    fn accept(&self, listener: &Self::Socket) -> io::Result<(Self::Socket, Named)>;
    fn pair(&self) -> io::Result<(Self::Socket, Self::Socket)>;

    fn read(&self, stream: &Self::Socket, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&self, stream: &Self::Socket, data: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, stream: &Self::Socket, data: &[IoSlice<'_>]) -> io::Result<usize>;

    fn datagrams(&self, at: Option<&Path>) -> io::Result<Self::Socket>;
    fn datagram_pair(&self) -> io::Result<(Self::Socket, Self::Socket)>;
    fn connect_datagrams(&self, socket: &Self::Socket, to: &Path) -> io::Result<()>;
    fn send(&self, socket: &Self::Socket, data: &[u8], to: Option<&Path>) -> io::Result<usize>;
    fn recv_from(&self, socket: &Self::Socket, buffer: &mut [u8]) -> io::Result<(usize, Named)>;

    fn shutdown(&self, socket: &Self::Socket, half: Half) -> io::Result<()>;
    fn local_addr(&self, socket: &Self::Socket) -> io::Result<Named>;
    fn peer_addr(&self, socket: &Self::Socket) -> io::Result<Named>;
    fn take_error(&self, socket: &Self::Socket) -> io::Result<Option<io::Error>>;
    fn is_readable(&self, socket: &Self::Socket) -> bool;
    fn is_writable(&self, socket: &Self::Socket) -> bool;

    fn remove(&self, path: &Path) -> io::Result<()>;
    fn exists(&self, path: &Path) -> io::Result<bool>;
    fn send_buffer_bytes(&self) -> usize;
}
