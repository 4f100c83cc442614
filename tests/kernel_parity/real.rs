//! The machine that the test runs on, through non-blocking sockets of its own loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::edged::Edged;
use super::machine::{DatagramOptions, Machine, StreamOptions};
use super::script::DatagramOption;

const PAUSE: Duration = Duration::from_micros(500);

pub(crate) struct Real {
    /// Bound, so that nobody else gets the port, but not listening.
    closed: Socket,
    /// The same port of IPv6, and those that have it and take datagrams from themselves only.
    _closed: (Option<Socket>, Vec<UdpSocket>),
}

impl Real {
    /// The machine, if it is a Linux with a loopback.
    pub(crate) fn new() -> io::Result<Self> {
        if !cfg!(target_os = "linux") {
            return Err(io::Error::other("this is not Linux"));
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Real::with_closed_port() {
                // Somebody has the port of the other protocol.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts < 100 => {}
                result => return result,
            }
        }
    }

    fn with_closed_port() -> io::Result<Self> {
        let closed = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        closed.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let port = address_of(&closed)?.port();
        let takes_own = |ip: IpAddr| {
            let udp = UdpSocket::bind((ip, port))?;
            udp.connect(udp.local_addr()?)?;
            Ok::<_, io::Error>(udp)
        };
        let mut datagrams = vec![takes_own(Ipv4Addr::LOCALHOST.into())?];
        let mut closed_v6 = None;
        if has_ipv6().is_ok() {
            let closed = Socket::new(Domain::IPV6, Type::STREAM, None)?;
            closed.bind(&SocketAddr::from((Ipv6Addr::LOCALHOST, port)).into())?;
            closed_v6 = Some(closed);
            datagrams.push(takes_own(Ipv6Addr::LOCALHOST.into())?);
        }
        Ok(Real { closed, _closed: (closed_v6, datagrams) })
    }
}

/// Whether the machine has a loopback of IPv6.
pub(crate) fn has_ipv6() -> io::Result<()> {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).map(drop)
}

/// Whether the machine's loopback takes multicasts.
pub(crate) fn has_multicast() -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let group = Ipv4Addr::new(239, 7, 7, 8);
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    socket.send_to(b"x", (group, 9)).map(drop)
}

impl Machine for Real {
    type Listener = TcpListener;
    type Stream = Edged<TcpStream>;
    type Datagrams = Edged<UdpSocket>;

    fn closed_port(&self) -> u16 {
        address_of(&self.closed).expect("a bound socket has an address").port()
    }

    #[expect(clippy::disallowed_methods, reason = "the kernel is asked again after real time")]
    async fn pause(&self) {
        std::thread::sleep(PAUSE);
    }

    async fn listen(&self, at: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&at.into())?;
        socket.listen(backlog.try_into().expect("a backlog is small"))?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }

    async fn connect(&self, to: SocketAddr, patience: Duration) -> io::Result<Self::Stream> {
        let stream = TcpStream::connect_timeout(&to, patience)?;
        stream.set_nonblocking(true)?;
        Edged::new(stream)
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<Self::Datagrams> {
        let socket = UdpSocket::bind(at)?;
        socket.set_nonblocking(true)?;
        Edged::new(socket)
    }

    fn accept(&self, listener: &TcpListener) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((Edged::accepted(stream)?, peer))
    }

    fn listener_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    fn read(&self, stream: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(|| io::Read::read(&mut &**stream, buffer))
    }

    fn peek(&self, stream: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(|| stream.peek(buffer))
    }

    fn write(&self, stream: &Self::Stream, data: &[u8]) -> io::Result<usize> {
        stream.write(|| io::Write::write(&mut &**stream, data))
    }

    fn write_vectored(&self, stream: &Self::Stream, data: &[io::IoSlice<'_>]) -> io::Result<usize> {
        stream.write(|| io::Write::write_vectored(&mut &**stream, data))
    }

    async fn shutdown(&self, stream: &Self::Stream) -> io::Result<()> {
        match stream.shutdown(std::net::Shutdown::Write) {
            // As tokio.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    fn options<'a>(&self, stream: &'a Self::Stream) -> &'a dyn StreamOptions {
        stream
    }

    async fn connect_udp(&self, socket: &Self::Datagrams, to: SocketAddr) -> io::Result<()> {
        socket.connect(to)
    }

    fn send_to(&self, socket: &Self::Datagrams, data: &[u8], to: SocketAddr) -> io::Result<usize> {
        socket.write(|| socket.send_to(data, to))
    }

    fn send(&self, socket: &Self::Datagrams, data: &[u8]) -> io::Result<usize> {
        socket.write(|| socket.send(data))
    }

    fn recv_from(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        socket.read_or_fail(|| socket.recv_from(buffer))
    }

    fn peek_from(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        socket.read_or_fail(|| socket.peek_from(buffer))
    }

    fn recv(&self, socket: &Self::Datagrams, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read_or_fail(|| socket.recv(buffer))
    }

    fn datagram_options<'a>(&self, socket: &'a Self::Datagrams) -> &'a dyn DatagramOptions {
        socket
    }
}

fn address_of(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an internet address"))
}

macro_rules! options_of_both {
    () => {
        fn local_addr(&self) -> io::Result<SocketAddr> {
            (**self).local_addr()
        }

        fn peer_addr(&self) -> io::Result<SocketAddr> {
            (**self).peer_addr()
        }

        fn take_error(&self) -> io::Result<Option<io::Error>> {
            (**self).take_error()
        }

        fn is_readable(&self) -> bool {
            Edged::is_readable(self)
        }

        fn is_writable(&self) -> bool {
            Edged::is_writable(self)
        }

        fn has_error(&self) -> bool {
            Edged::has_error(self)
        }
    };
}

impl StreamOptions for Edged<TcpStream> {
    options_of_both!();

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(&**self).set_linger(linger)
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(&**self).linger()
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        (**self).set_nodelay(nodelay)
    }

    fn nodelay(&self) -> io::Result<bool> {
        (**self).nodelay()
    }
}

impl DatagramOptions for Edged<UdpSocket> {
    options_of_both!();

    fn set(&self, option: DatagramOption) -> io::Result<()> {
        match option {
            DatagramOption::Broadcast(on) => (**self).set_broadcast(on),
            DatagramOption::Ttl(ttl) => (**self).set_ttl(ttl),
            DatagramOption::LoopV4(on) => (**self).set_multicast_loop_v4(on),
            DatagramOption::LoopV6(on) => (**self).set_multicast_loop_v6(on),
            DatagramOption::MulticastTtl(ttl) => (**self).set_multicast_ttl_v4(ttl),
        }
    }

    fn get(&self, option: DatagramOption) -> io::Result<String> {
        Ok(match option {
            DatagramOption::Broadcast(_) => (**self).broadcast()?.to_string(),
            DatagramOption::Ttl(_) => (**self).ttl()?.to_string(),
            DatagramOption::LoopV4(_) => (**self).multicast_loop_v4()?.to_string(),
            DatagramOption::LoopV6(_) => (**self).multicast_loop_v6()?.to_string(),
            DatagramOption::MulticastTtl(_) => (**self).multicast_ttl_v4()?.to_string(),
        })
    }

    fn join_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        (**self).join_multicast_v4(&group, &interface)
    }

    fn leave_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        (**self).leave_multicast_v4(&group, &interface)
    }

    fn join_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        (**self).join_multicast_v6(&group, interface)
    }

    fn leave_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        (**self).leave_multicast_v6(&group, interface)
    }
}
