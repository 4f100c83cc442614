//! The calls of stream sockets, listening ones included.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::task::Waker;
use std::time::Duration;

use sim_executor::Instant;

use super::bindings::Protocol;
use super::fresh::Settings;
use super::sockets::{Listener, Owner, Socket, Stream};
use super::{Kernel, Known, Route};
use crate::address::{Bound, Endpoint, HostId, Pair, SocketId};
use crate::errno::Errno;
use crate::tcp::{Connection, Context, Ending, Options};
use crate::waiters::Waiters;
use crate::wire::Event;

/// How long it takes to find that nobody has an address of the network: three questions, a second each.
const NEIGHBOUR_TIMEOUT: Duration = Duration::from_secs(3);

impl Kernel<'_> {
    /// What a connection needs for a call.
    pub(super) fn with_connection<R>(
        &mut self,
        socket: SocketId,
        call: impl FnOnce(&mut Connection, &mut Context<'_>) -> R,
    ) -> R {
        let now = self.now();
        let mut context = Context { now, pool: &mut self.wire.pool, rules: &self.wire.tcp };
        call(&mut self.host.sockets.stream(socket).connection, &mut context)
    }

    /// A connection to an address, and whether a host has it.
    ///
    /// # Errors
    /// If there is no way to the address, or no free port.
    pub(super) fn begin_to_connect(
        &mut self,
        address: SocketAddr,
        bound: Option<(Bound, u16)>,
        settings: Settings,
    ) -> Result<(Box<Stream>, bool), Errno> {
        let (route, is_somebody) = match self.route(address.ip()) {
            Ok(route) => (route, true),
            Err(Errno::HostUnreachable) => {
                let ip = address.ip().to_canonical();
                let (local, remote) = (self.source(ip), self.wire.interfaces.at(ip));
                (Route { local, remote, remote_host: HostId::NOBODY }, false)
            }
            Err(errno) => return Err(errno),
        };
        self.forget_expired();
        let remote = Endpoint { interface: route.remote, port: address.port() };
        let local = match bound {
            Some(bound) => self.bound_endpoint_to_connect(bound, route, remote)?,
            None => self.endpoint_to_connect(route.local, remote)?,
        };
        let options = self.on_path(settings.options, route.remote_host, address.is_ipv6());
        let connection = Connection::connect(&self.wire.tcp, &options);
        let pair = Pair { local, remote };
        Ok((self.stream(connection, pair, route.remote_host, Owner::User, settings), is_somebody))
    }

    /// The local end of a connection of a socket that was bound.
    fn bound_endpoint_to_connect(
        &self,
        (bound, port): (Bound, u16),
        route: Route,
        remote: Endpoint,
    ) -> Result<Endpoint, Errno> {
        let interface = if let Bound::At(interface) = bound { interface } else { route.local };
        let local = Endpoint { interface, port };
        let leaves_loopback = self.wire.interfaces.ip(interface).is_loopback();
        if leaves_loopback && route.remote_host != self.host.id {
            return Err(Errno::InvalidInput);
        }
        if self.host.connections.contains_key(&Pair { local, remote }) {
            return Err(Errno::AddrNotAvailable);
        }
        Ok(local)
    }

    /// Opens a socket that connects from any free port. When that is done, [`Kernel::tcp_connected`] tells.
    ///
    /// # Errors
    /// If there is no way to the address, or no free port.
    pub(crate) fn tcp_connect_to(&mut self, address: SocketAddr) -> Result<SocketId, Errno> {
        let settings = Settings::new(Options::new(&self.wire.config.tcp), address.is_ipv6());
        let (stream, is_somebody) = self.begin_to_connect(address, None, settings)?;
        let pair = stream.pair;
        let socket = self.host.sockets.insert(self.wire.config.sockets_max, Socket::Stream(stream))?;
        self.start_connecting(socket, pair, is_somebody);
        Ok(socket)
    }

    /// Sends the first packet of a connection, or looks for the one that it is to.
    pub(super) fn start_connecting(&mut self, socket: SocketId, pair: Pair, is_somebody: bool) {
        self.host.connections.insert(pair, Known::Connection(socket));
        if is_somebody {
            self.pump(socket);
        }
        // As long as a host is down, it is as if nobody had its address.
        let remote_host = self.wire.interfaces.host(pair.remote.interface);
        if !is_somebody || self.wire.is_down(remote_host) {
            let event = Event::NoNeighbour { host: self.host.id, socket };
            let due = self.now() + NEIGHBOUR_TIMEOUT;
            self.wire.schedule(due, event);
            self.wire.searches += 1;
        }
    }

    /// Adds a connection that packets can find.
    pub(super) fn add_stream(
        &mut self,
        connection: Connection,
        pair: Pair,
        remote_host: HostId,
        owner: Owner,
        settings: Settings,
    ) -> Result<SocketId, Errno> {
        let stream = self.stream(connection, pair, remote_host, owner, settings);
        let socket = self.host.sockets.insert(self.wire.config.sockets_max, Socket::Stream(stream))?;
        self.host.connections.insert(pair, Known::Connection(socket));
        Ok(socket)
    }

    fn stream(
        &mut self,
        connection: Connection,
        pair: Pair,
        remote_host: HostId,
        owner: Owner,
        settings: Settings,
    ) -> Box<Stream> {
        Box::new(Stream {
            connection,
            pair,
            link: self.wire.link(self.host.id, remote_host),
            peer: SocketId::UNKNOWN,
            former: SocketId::UNKNOWN,
            owner,
            is_v6: settings.is_v6,
            sharing: settings.sharing,
            ttl: settings.ttl,
            actor: None,
            is_registered: true,
            timer: Instant::MAX,
            timer_event: None,
            ending: Ending::NotYet,
            readers: Waiters::default(),
            writers: Waiters::default(),
        })
    }

    /// The options of a connection to that host: what both ends would have said in their SYNs.
    pub(super) fn on_path(&mut self, options: Options, remote_host: HostId, is_v6: bool) -> Options {
        let there = self.wire.link(self.host.id, remote_host);
        let back = self.wire.link(remote_host, self.host.id);
        let mtu_bytes = |link| self.wire.links.get(link).config().mtu_bytes;
        options.on_path(mtu_bytes(there).min(mtu_bytes(back)), is_v6)
    }

    /// Nobody has answered for the address.
    pub(crate) fn handle_no_neighbour(&mut self, socket: SocketId) {
        let Some(stream) = self.host.sockets.find_stream(socket) else { return };
        let remote_host = self.wire.interfaces.host(stream.pair.remote.interface);
        let is_there = remote_host != HostId::NOBODY && !self.wire.is_down(remote_host);
        let is_over = stream.connection.is_connected() || stream.connection.is_closed();
        if !is_there && !is_over {
            self.with_connection(socket, |connection, context| {
                connection.fail(context, Errno::HostUnreachable)
            });
            self.pump(socket);
        }
    }

    /// Whether connecting is done.
    ///
    /// # Errors
    /// `WouldBlock` until then; why it has failed.
    pub(crate) fn tcp_connected(&mut self, socket: SocketId) -> Result<(), Errno> {
        self.host.sockets.stream(socket).connection.poll_connected()
    }

    /// Opens a socket that listens, as tokio's `TcpListener::bind` does.
    ///
    /// # Errors
    /// If the host does not have the address, or the port is taken.
    pub(crate) fn tcp_listen_at(&mut self, address: SocketAddr) -> Result<SocketId, Errno> {
        let backlog = self.wire.config.tcp.accept_backlog;
        let socket = self.tcp_socket(address.is_ipv6())?;
        self.tcp_fresh(socket).settings.sharing.address = true;
        let listening = self.tcp_bind(socket, address).and_then(|()| self.tcp_listen(socket, backlog));
        if let Err(errno) = listening {
            self.close_fresh(socket);
            return Err(errno);
        }
        Ok(socket)
    }

    /// Takes a connection that has come to a listener; it counts as ready (tokio's `Registration::assume_ready`).
    ///
    /// # Errors
    /// `WouldBlock` if there is none.
    pub(crate) fn tcp_accept(&mut self, listener: SocketId) -> Result<(SocketId, SocketAddr), Errno> {
        let Listener { backlog, is_dead, .. } = self.host.sockets.listener(listener);
        let nothing = if *is_dead { Errno::BadDescriptor } else { Errno::WouldBlock };
        let accepted = backlog.pop_front().ok_or(nothing)?;
        let stream = self.host.sockets.stream(accepted);
        stream.owner = Owner::User;
        stream.readers.set_ready(true);
        stream.writers.set_ready(true);
        Ok((accepted, self.wire.interfaces.address_for(stream.is_v6, stream.pair.remote)))
    }

    /// The address that a listener is bound to.
    pub(crate) fn listener_address(&mut self, listener: SocketId) -> SocketAddr {
        let &mut Listener { bound, port, settings, .. } = self.host.sockets.listener(listener);
        self.bound_address(settings.is_v6, bound, port)
    }

    /// The address of this end of a stream.
    pub(crate) fn local_address(&mut self, socket: SocketId) -> SocketAddr {
        let stream = self.host.sockets.stream(socket);
        self.wire.interfaces.address_for(stream.is_v6, stream.pair.local)
    }

    /// The address of the other end of a stream.
    ///
    /// # Errors
    /// `NotConnected` when there is no connection, or none any more.
    pub(crate) fn peer_address(&mut self, socket: SocketId) -> Result<SocketAddr, Errno> {
        let stream = self.host.sockets.stream(socket);
        if !stream.connection.is_connected() {
            return Err(Errno::NotConnected);
        }
        Ok(self.wire.interfaces.address_for(stream.is_v6, stream.pair.remote))
    }

    /// Reads from a stream; zero bytes are its end.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is there; once, why the connection has ended.
    pub(crate) fn tcp_read(&mut self, socket: SocketId, out: &mut [u8]) -> Result<usize, Errno> {
        let out = if self.wire.tcp.is_adversarial { self.shorten_read(socket, out) } else { out };
        let connection = &mut self.host.sockets.stream(socket).connection;
        let bytes = connection.read(&mut self.wire.pool, out)?;
        if connection.is_ack_due() {
            self.pump(socket);
        }
        Ok(bytes)
    }

    /// [`Kernel::tcp_read`]; if it would block, the task is woken when there is something. As for tokio, a read that does not
    /// fill its buffer says as well that nothing is left.
    #[inline]
    pub(crate) fn tcp_poll_read(
        &mut self,
        socket: SocketId,
        waker: &Waker,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let asked = out.len();
        let out = if self.wire.tcp.is_adversarial { self.shorten_read(socket, out) } else { out };
        let stream = self.host.sockets.stream(socket);
        let result = stream.connection.read(&mut self.wire.pool, out);
        match result {
            Ok(bytes) => {
                if bytes < asked {
                    stream.readers.set_ready(self.wire.tcp.is_adversarial && stream.connection.is_readable());
                }
                if stream.connection.is_ack_due() {
                    self.pump(socket);
                }
            }
            Err(Errno::WouldBlock) => {
                stream.readers.would_block(waker, &mut self.wire.garbage);
            }
            Err(_) => {}
        }
        result
    }

    /// As [`Kernel::tcp_read`], but leaves what was read.
    ///
    /// # Errors
    /// As [`Kernel::tcp_read`].
    pub(crate) fn tcp_peek(&mut self, socket: SocketId, out: &mut [u8]) -> Result<usize, Errno> {
        self.host.sockets.stream(socket).connection.peek(&self.wire.pool, out)
    }

    /// Writes to a stream, as much as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; once, why the connection has ended; then `BrokenPipe`.
    pub(crate) fn tcp_write(&mut self, socket: SocketId, data: &[u8]) -> Result<usize, Errno> {
        let data = if self.wire.tcp.is_adversarial { self.shorten_write(socket, data) } else { data };
        let bytes = self.host.sockets.stream(socket).connection.write(&mut self.wire.pool, data)?;
        self.pump(socket);
        Ok(bytes)
    }

    /// [`Kernel::tcp_write`]; if it would block, the task is woken when there is room. As for tokio, a write that does not take
    /// all says as well that no room is left, and it is tried only when there was much.
    #[inline]
    pub(crate) fn tcp_poll_write(
        &mut self,
        socket: SocketId,
        waker: &Waker,
        data: &[u8],
    ) -> Result<usize, Errno> {
        let asked = data.len();
        let data = if self.wire.tcp.is_adversarial { self.shorten_write(socket, data) } else { data };
        let stream = self.host.sockets.stream(socket);
        let result = match stream.writers.is_ready() {
            true => stream.connection.write(&mut self.wire.pool, data),
            false => Err(Errno::WouldBlock),
        };
        match result {
            Ok(bytes) => {
                if bytes < asked {
                    stream.writers.set_ready(stream.connection.is_writable());
                }
                let now = self.now.unwrap_or_else(|| self.wire.run.now());
                if stream.flush_written(self.wire, now, self.host.id, socket) {
                    self.forget(socket);
                }
            }
            Err(Errno::WouldBlock) => {
                stream.writers.would_block(waker, &mut self.wire.garbage);
            }
            Err(_) => {}
        }
        result
    }

    /// As [`Kernel::tcp_write`] of several buffers, one after the other.
    ///
    /// # Errors
    /// As [`Kernel::tcp_write`].
    pub(crate) fn tcp_write_vectored(
        &mut self,
        socket: SocketId,
        data: &[IoSlice<'_>],
    ) -> Result<usize, Errno> {
        if self.wire.tcp.is_adversarial
            && let Some(first) = data.iter().find(|buffer| !buffer.is_empty())
        {
            return self.tcp_write(socket, first);
        }
        let connection = &mut self.host.sockets.stream(socket).connection;
        let bytes = connection.write_vectored(&mut self.wire.pool, data)?;
        self.pump(socket);
        Ok(bytes)
    }

    /// Closes the writing half of a stream.
    ///
    /// # Errors
    /// `NotConnected` when there is no connection any more.
    pub(crate) fn tcp_finish(&mut self, socket: SocketId) -> Result<(), Errno> {
        self.host.sockets.stream(socket).connection.finish()?;
        self.pump(socket);
        Ok(())
    }

    /// A stream's connection, for its options.
    pub(crate) fn connection(&mut self, socket: SocketId) -> &mut Connection {
        &mut self.host.sockets.stream(socket).connection
    }

    pub(super) fn close_stream(&mut self, socket: SocketId) {
        self.with_connection(socket, |connection, context| connection.close(context));
        self.host.sockets.stream(socket).owner = Owner::Nobody;
        self.pump(socket);
    }

    /// Connections that nobody has accepted are reset; a handshake that is under way will find nobody.
    pub(super) fn close_listener(&mut self, socket: SocketId) {
        let Some(Socket::Listener(mut listener)) = self.host.sockets.remove(socket) else { return };
        self.host.bindings.remove(Protocol::Tcp, listener.port, socket);
        listener.readers.take_into(&mut self.wire.garbage);
        let streams = self.host.sockets.streams_by_id();
        let handshakes = streams.filter(|(_, stream)| stream.owner == Owner::Handshake(socket));
        for handshake in handshakes.map(|(handshake, _)| handshake).collect::<Vec<_>>() {
            self.remove_stream(handshake);
        }
        for waiting in listener.backlog {
            self.with_connection(waiting, |connection, context| connection.abort(context));
            self.host.sockets.stream(waiting).owner = Owner::Nobody;
            self.pump(waiting);
        }
    }
}
