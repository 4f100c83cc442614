//! The machine that the test runs on, through non-blocking Unix sockets in a temporary directory.

use std::fs;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::{RecvFlags, SocketAddrUnix, recvfrom};
use socket2::{Domain, SockAddr, Socket, Type};

use super::edged::Edged;
use super::machine::{Limits, Machine, Named};
use super::script::Half;

pub(crate) struct Real {
    folder: PathBuf,
}

impl Real {
    /// A directory of the program's own, which is removed when this is dropped.
    pub(crate) fn new(group: &str, number: usize) -> io::Result<Self> {
        let name = format!("seedbed-{}-{group}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Real { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn limits(&self) -> Limits {
        let max_dgram_qlen = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").expect("it is Linux");
        Limits {
            send_buffer_bytes: send_buffer_bytes().try_into().expect("a buffer has less than 4 GiB"),
            max_dgram_qlen: max_dgram_qlen.trim().parse().expect("it is a number"),
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        // What is left behind in a temporary directory harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn open(kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn edged(one: OwnedFd, other: OwnedFd) -> io::Result<(Edged<Socket>, Edged<Socket>)> {
    let (one, other) = (Socket::from(one), Socket::from(other));
    one.set_nonblocking(true)?;
    other.set_nonblocking(true)?;
    Ok((Edged::new(one)?, Edged::new(other)?))
}

fn named(address: &SockAddr) -> Named {
    if let Some(path) = address.as_pathname() {
        return Named::Path(path.display().to_string());
    }
    address.as_abstract_namespace().map_or(Named::Nothing, |name| Named::Abstract(name.to_vec()))
}

impl Machine for Real {
    type Socket = Edged<Socket>;

    fn listen(&self, at: &Path, backlog: u32) -> io::Result<Self::Socket> {
        let socket = open(Type::STREAM)?;
        if !at.as_os_str().as_bytes().is_empty() {
            socket.bind(&SockAddr::unix(at)?)?;
        }
        socket.listen(backlog.try_into().expect("a backlog is small"))?;
        Edged::new(socket)
    }

    fn connect(&self, from: Option<&Path>, to: &Path) -> io::Result<Self::Socket> {
        let socket = open(Type::STREAM)?;
        if let Some(from) = from {
            socket.bind(&SockAddr::unix(from)?)?;
        }
        socket.connect(&SockAddr::unix(to)?)?;
        Edged::new(socket)
    }

    fn accept(&self, listener: &Self::Socket) -> io::Result<(Self::Socket, Named)> {
        let (socket, from) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok((Edged::accepted(socket)?, named(&from)))
    }

    fn pair(&self) -> io::Result<(Self::Socket, Self::Socket)> {
        let (one, other) = UnixStream::pair()?;
        edged(OwnedFd::from(one), OwnedFd::from(other))
    }

    fn read(&self, stream: &Self::Socket, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(|| io::Read::read(&mut &**stream, buffer))
    }

    fn write(&self, stream: &Self::Socket, data: &[u8]) -> io::Result<usize> {
        stream.write(|| io::Write::write(&mut &**stream, data))
    }

    fn write_vectored(&self, stream: &Self::Socket, data: &[IoSlice<'_>]) -> io::Result<usize> {
        stream.write(|| io::Write::write_vectored(&mut &**stream, data))
    }

    fn datagrams(&self, at: Option<&Path>) -> io::Result<Self::Socket> {
        let socket = open(Type::DGRAM)?;
        if let Some(at) = at {
            socket.bind(&SockAddr::unix(at)?)?;
        }
        Edged::new(socket)
    }

    fn datagram_pair(&self) -> io::Result<(Self::Socket, Self::Socket)> {
        let (one, other) = UnixDatagram::pair()?;
        edged(OwnedFd::from(one), OwnedFd::from(other))
    }

    fn connect_datagrams(&self, socket: &Self::Socket, to: &Path) -> io::Result<()> {
        socket.connect(&SockAddr::unix(to)?)
    }

    fn send(&self, socket: &Self::Socket, data: &[u8], to: Option<&Path>) -> io::Result<usize> {
        match to {
            Some(to) => socket.write(|| socket.send_to(data, &SockAddr::unix(to)?)),
            None => socket.write(|| socket.send(data)),
        }
    }

    fn recv_from(&self, socket: &Self::Socket, buffer: &mut [u8]) -> io::Result<(usize, Named)> {
        let receive = || recvfrom(&**socket, buffer, RecvFlags::empty()).map_err(io::Error::from);
        let (received, _, from) = socket.read(receive)?;
        let Some(from) = from.and_then(|from| SocketAddrUnix::try_from(from).ok()) else {
            return Ok((received, Named::Nothing));
        };
        let path = from.path().map(|path| Named::Path(path.to_string_lossy().into_owned()));
        let hidden = from.abstract_name().map(|name| Named::Abstract(name.to_vec()));
        Ok((received, path.or(hidden).unwrap_or(Named::Nothing)))
    }

    fn shutdown(&self, socket: &Self::Socket, half: Half) -> io::Result<()> {
        socket.shutdown(match half {
            Half::Reading => Shutdown::Read,
            Half::Writing => Shutdown::Write,
            Half::Both => Shutdown::Both,
        })
    }

    fn local_addr(&self, socket: &Self::Socket) -> io::Result<Named> {
        socket.local_addr().map(|address| named(&address))
    }

    fn peer_addr(&self, socket: &Self::Socket) -> io::Result<Named> {
        socket.peer_addr().map(|address| named(&address))
    }

    fn take_error(&self, socket: &Self::Socket) -> io::Result<Option<io::Error>> {
        socket.take_error()
    }

    fn is_readable(&self, socket: &Self::Socket) -> bool {
        socket.is_readable()
    }

    fn is_writable(&self, socket: &Self::Socket) -> bool {
        socket.is_writable()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        fs::exists(path)
    }

    fn send_buffer_bytes(&self) -> usize {
        send_buffer_bytes()
    }
}

/// Of a Unix socket of this machine.
pub(super) fn send_buffer_bytes() -> usize {
    let socket = Socket::new(Domain::UNIX, Type::DGRAM, None).expect("there is room for a socket");
    socket.send_buffer_size().expect("a socket has a buffer")
}
