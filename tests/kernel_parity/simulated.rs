//! The simulated machine, by the names that a program would use.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::{AsyncWriteExt as _, FutureExt as _};
use seedbed::net::{Interest, TcpListener, TcpSocket, TcpStream, UdpSocket};
use seedbed::time;

use super::machine::{DatagramOptions, Machine, StreamOptions};
use super::script::DatagramOption;

const PAUSE: Duration = Duration::from_millis(1);

/// The node on which it is used.
pub(crate) struct Simulated;

/// What a call gives that is made once.
fn once<R>(call: impl Future<Output = io::Result<R>>) -> io::Result<R> {
    call.now_or_never().unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))
}

impl Machine for Simulated {
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;

    fn closed_port(&self) -> u16 {
        9
    }

    async fn pause(&self) {
        time::sleep(PAUSE).await;
    }

    async fn listen(&self, at: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
        let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(backlog)
    }

    async fn connect(&self, to: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
        time::timeout(patience, TcpStream::connect(to)).await.unwrap_or(Err(ErrorKind::TimedOut.into()))
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(at).await
    }

    fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        once(listener.accept())
    }

    fn listener_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    fn read(&self, stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.try_read(buffer)
    }

    fn peek(&self, stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        once(stream.peek(buffer))
    }

    fn write(&self, stream: &TcpStream, data: &[u8]) -> io::Result<usize> {
        stream.try_write(data)
    }

    fn write_vectored(&self, stream: &TcpStream, data: &[IoSlice<'_>]) -> io::Result<usize> {
        stream.try_write_vectored(data)
    }

    async fn shutdown(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.close().await
    }

    fn options<'a>(&self, stream: &'a TcpStream) -> &'a dyn StreamOptions {
        stream
    }

    async fn connect_udp(&self, socket: &UdpSocket, to: SocketAddr) -> io::Result<()> {
        socket.connect(to).await
    }

    fn send_to(&self, socket: &UdpSocket, data: &[u8], to: SocketAddr) -> io::Result<usize> {
        socket.try_send_to(data, to)
    }

    fn send(&self, socket: &UdpSocket, data: &[u8]) -> io::Result<usize> {
        socket.try_send(data)
    }

    fn recv_from(&self, socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        once(socket.recv_from(buffer))
    }

    fn peek_from(&self, socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        once(socket.peek_from(buffer))
    }

    fn recv(&self, socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
        once(socket.recv(buffer))
    }

    fn datagram_options<'a>(&self, socket: &'a UdpSocket) -> &'a dyn DatagramOptions {
        socket
    }
}

macro_rules! options_of_both {
    () => {
        fn local_addr(&self) -> io::Result<SocketAddr> {
            self.local_addr()
        }

        fn peer_addr(&self) -> io::Result<SocketAddr> {
            self.peer_addr()
        }

        fn take_error(&self) -> io::Result<Option<io::Error>> {
            self.take_error()
        }

        fn is_readable(&self) -> bool {
            once(self.readable()).is_ok()
        }

        fn is_writable(&self) -> bool {
            once(self.writable()).is_ok()
        }

        fn has_error(&self) -> bool {
            once(self.ready(Interest::ERROR)).is_ok()
        }
    };
}

impl StreamOptions for TcpStream {
    options_of_both!();

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.set_linger(linger)
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        self.linger()
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.set_nodelay(nodelay)
    }

    fn nodelay(&self) -> io::Result<bool> {
        self.nodelay()
    }
}

impl DatagramOptions for UdpSocket {
    options_of_both!();

    fn set(&self, option: DatagramOption) -> io::Result<()> {
        match option {
            DatagramOption::Broadcast(on) => self.set_broadcast(on),
            DatagramOption::Ttl(ttl) => self.set_ttl(ttl),
            DatagramOption::LoopV4(on) => self.set_multicast_loop_v4(on),
            DatagramOption::LoopV6(on) => self.set_multicast_loop_v6(on),
            DatagramOption::MulticastTtl(ttl) => self.set_multicast_ttl_v4(ttl),
        }
    }

    fn get(&self, option: DatagramOption) -> io::Result<String> {
        Ok(match option {
            DatagramOption::Broadcast(_) => self.broadcast()?.to_string(),
            DatagramOption::Ttl(_) => self.ttl()?.to_string(),
            DatagramOption::LoopV4(_) => self.multicast_loop_v4()?.to_string(),
            DatagramOption::LoopV6(_) => self.multicast_loop_v6()?.to_string(),
            DatagramOption::MulticastTtl(_) => self.multicast_ttl_v4()?.to_string(),
        })
    }

    fn join_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.join_multicast_v4(group, interface)
    }

    fn leave_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.leave_multicast_v4(group, interface)
    }

    fn join_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.join_multicast_v6(&group, interface)
    }

    fn leave_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.leave_multicast_v6(&group, interface)
    }
}
