//! The simulated machine, by the names that a program would use.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::path::Path;
use std::pin::pin;

use futures::{AsyncWriteExt as _, FutureExt as _};
use seedbed::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream, unix};

use super::machine::{Machine, Named};
use super::play::would_block;
use super::script::Half;

/// The node on which it is used.
pub(super) struct Simulated;

pub(super) enum Socket {
    Listener(UnixListener),
    Stream(UnixStream),
    Datagrams(UnixDatagram),
}

/// What a call gives that is made once.
fn once<R>(call: impl Future<Output = io::Result<R>>) -> io::Result<R> {
    call.now_or_never().unwrap_or_else(|| Err(would_block()))
}

/// What connecting gives, which is known when others have had their turn: at the second poll.
fn connected(connect: impl Future<Output = io::Result<UnixStream>>) -> io::Result<UnixStream> {
    let mut connect = pin!(connect);
    let mut poll = || connect.as_mut().now_or_never();
    poll().or_else(poll).unwrap_or_else(|| Err(would_block()))
}

fn named(address: unix::SocketAddr) -> Named {
    if let Some(path) = address.as_pathname() {
        return Named::Path(path.display().to_string());
    }
    address.as_abstract_name().map_or(Named::Nothing, |name| Named::Abstract(name.to_vec()))
}

impl Socket {
    fn stream(&self) -> &UnixStream {
        let Socket::Stream(stream) = self else { panic!("this is no stream") };
        stream
    }

    fn datagrams(&self) -> &UnixDatagram {
        let Socket::Datagrams(datagrams) = self else { panic!("this takes no datagrams") };
        datagrams
    }
}

impl Machine for Simulated {
    type Socket = Socket;

    fn listen(&self, at: &Path, backlog: u32) -> io::Result<Socket> {
        let socket = UnixSocket::new_stream()?;
        if !at.as_os_str().is_empty() {
            socket.bind(at)?;
        }
        socket.listen(backlog).map(Socket::Listener)
    }

    fn connect(&self, from: Option<&Path>, to: &Path) -> io::Result<Socket> {
        let Some(from) = from else { return connected(UnixStream::connect(to)).map(Socket::Stream) };
        let socket = UnixSocket::new_stream()?;
        socket.bind(from)?;
        connected(socket.connect(to)).map(Socket::Stream)
    }

    fn accept(&self, listener: &Socket) -> io::Result<(Socket, Named)> {
        let Socket::Listener(listener) = listener else { panic!("this is no listener") };
        let (stream, from) = once(listener.accept())?;
        Ok((Socket::Stream(stream), named(from)))
    }

    fn pair(&self) -> io::Result<(Socket, Socket)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Socket::Stream(one), Socket::Stream(other)))
    }

    fn read(&self, stream: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
        stream.stream().try_read(buffer)
    }

    fn write(&self, stream: &Socket, data: &[u8]) -> io::Result<usize> {
        stream.stream().try_write(data)
    }

    fn write_vectored(&self, stream: &Socket, data: &[IoSlice<'_>]) -> io::Result<usize> {
        stream.stream().try_write_vectored(data)
    }

    fn datagrams(&self, at: Option<&Path>) -> io::Result<Socket> {
        let socket = at.map_or_else(UnixDatagram::unbound, UnixDatagram::bind)?;
        Ok(Socket::Datagrams(socket))
    }

    fn datagram_pair(&self) -> io::Result<(Socket, Socket)> {
        let (one, other) = UnixDatagram::pair()?;
        Ok((Socket::Datagrams(one), Socket::Datagrams(other)))
    }

    fn connect_datagrams(&self, socket: &Socket, to: &Path) -> io::Result<()> {
        socket.datagrams().connect(to)
    }

    fn send(&self, socket: &Socket, data: &[u8], to: Option<&Path>) -> io::Result<usize> {
        match to {
            Some(to) => socket.datagrams().try_send_to(data, to),
            None => socket.datagrams().try_send(data),
        }
    }

    fn recv_from(&self, socket: &Socket, buffer: &mut [u8]) -> io::Result<(usize, Named)> {
        let (received, from) = socket.datagrams().try_recv_from(buffer)?;
        Ok((received, named(from)))
    }

    fn shutdown(&self, socket: &Socket, half: Half) -> io::Result<()> {
        match (socket, half) {
            (Socket::Stream(stream), Half::Writing) => once({ stream }.close()),
            (socket, half) => socket.datagrams().shutdown(match half {
                Half::Reading => Shutdown::Read,
                Half::Writing => Shutdown::Write,
                Half::Both => Shutdown::Both,
            }),
        }
    }

    fn local_addr(&self, socket: &Socket) -> io::Result<Named> {
        match socket {
            Socket::Listener(listener) => listener.local_addr(),
            Socket::Stream(stream) => stream.local_addr(),
            Socket::Datagrams(datagrams) => datagrams.local_addr(),
        }
        .map(named)
    }

    fn peer_addr(&self, socket: &Socket) -> io::Result<Named> {
        match socket {
            Socket::Stream(stream) => stream.peer_addr(),
            socket => socket.datagrams().peer_addr(),
        }
        .map(named)
    }

    fn take_error(&self, socket: &Socket) -> io::Result<Option<io::Error>> {
        match socket {
            Socket::Listener(listener) => listener.take_error(),
            Socket::Stream(stream) => stream.take_error(),
            Socket::Datagrams(datagrams) => datagrams.take_error(),
        }
    }

    fn is_readable(&self, socket: &Socket) -> bool {
        match socket {
            Socket::Stream(stream) => once(stream.readable()),
            socket => once(socket.datagrams().readable()),
        }
        .is_ok()
    }

    fn is_writable(&self, socket: &Socket) -> bool {
        match socket {
            Socket::Stream(stream) => once(stream.writable()),
            socket => once(socket.datagrams().writable()),
        }
        .is_ok()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        unix::remove_file(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        unix::exists(path)
    }

    fn send_buffer_bytes(&self) -> usize {
        super::real::send_buffer_bytes()
    }
}
