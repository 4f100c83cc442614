//! The calls of a TCP socket before it listens or connects.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Kernel;
use super::bindings::Protocol;
use super::fresh::{Fresh, Settings};
use super::sockets::{Listener, Socket};
use crate::address::{Bound, SocketId};
use crate::errno::Errno;
use crate::tcp::Options;
use crate::waiters::Waiters;

/// The most that `listen` can ask for (`net.core.somaxconn`).
const BACKLOG_MAX: u32 = 4_096;

impl Kernel<'_> {
    /// Opens a socket.
    ///
    /// # Errors
    /// If the host has too many.
    pub(crate) fn tcp_socket(&mut self, is_v6: bool) -> Result<SocketId, Errno> {
        let settings = Settings::new(Options::new(&self.wire.config.tcp), is_v6);
        let fresh = Fresh { bound: None, settings, service: 0, is_dead: false };
        self.host.sockets.insert(self.wire.config.sockets_max, Socket::Fresh(Box::new(fresh)))
    }

    /// The settings of a socket that neither listens nor connects yet.
    pub(crate) fn tcp_fresh(&mut self, socket: SocketId) -> &mut Fresh {
        self.host.sockets.fresh(socket)
    }

    /// Gives a socket its address.
    ///
    /// # Errors
    /// If it has one, if the host does not have the address, or the port is taken.
    pub(crate) fn tcp_bind(&mut self, socket: SocketId, address: SocketAddr) -> Result<(), Errno> {
        let &Fresh { bound, settings, .. } = self.host.sockets.fresh(socket).living()?;
        check_family(settings.is_v6, address)?;
        if bound.is_some() {
            return Err(Errno::InvalidInput);
        }
        let bound = self.place_to_bind(address.ip())?;
        if matches!(bound, Bound::At(interface) if interface.is_group() && interface.is_v6()) {
            return Err(Errno::InvalidInput);
        }
        let port = self.tcp_port_to_bind(bound, address.port(), settings.sharing)?;
        self.host.sockets.fresh(socket).bound = Some((bound, port));
        self.host.bindings.add(Protocol::Tcp, port, bound, socket);
        Ok(())
    }

    /// The address of a socket that neither listens nor connects yet.
    pub(crate) fn tcp_fresh_address(&mut self, socket: SocketId) -> SocketAddr {
        let &mut Fresh { bound, settings: Settings { is_v6, .. }, .. } = self.host.sockets.fresh(socket);
        match bound {
            Some((bound, port)) => self.bound_address(is_v6, bound, port),
            None => SocketAddr::new(unspecified(is_v6), 0),
        }
    }

    /// Makes it listen, at any free port if it has none.
    ///
    /// # Errors
    /// If another socket listens there, or there is no free port.
    pub(crate) fn tcp_listen(&mut self, socket: SocketId, backlog: u32) -> Result<(), Errno> {
        let is_v6 = self.host.sockets.fresh(socket).living()?.settings.is_v6;
        if self.host.sockets.fresh(socket).bound.is_none() {
            self.tcp_bind(socket, SocketAddr::new(unspecified(is_v6), 0))?;
        }
        let &mut Fresh { bound, settings, .. } = self.host.sockets.fresh(socket);
        let (bound, port) = bound.expect("the socket was bound");
        if self.has_other_listener(bound, port, settings.sharing) {
            return Err(Errno::AddrInUse);
        }
        let listener = Listener {
            bound,
            is_dead: false,
            port,
            settings,
            backlog: VecDeque::new(),
            backlog_max: backlog.min(BACKLOG_MAX),
            readers: Waiters::default(),
        };
        self.host.sockets.replace(socket, Socket::Listener(Box::new(listener)));
        Ok(())
    }

    /// Begins to connect. When that is done, [`Kernel::tcp_connected`] tells.
    ///
    /// # Errors
    /// If there is no way to the address, or no free port.
    pub(crate) fn tcp_connect(&mut self, socket: SocketId, address: SocketAddr) -> Result<(), Errno> {
        let &Fresh { bound, settings, .. } = self.host.sockets.fresh(socket).living()?;
        check_family(settings.is_v6, address)?;
        let (stream, is_somebody) = self.begin_to_connect(address, bound, settings)?;
        let pair = stream.pair;
        if let Some((_, port)) = bound {
            self.host.bindings.remove(Protocol::Tcp, port, socket);
        }
        self.host.sockets.replace(socket, Socket::Stream(stream));
        self.start_connecting(socket, pair, is_somebody);
        Ok(())
    }

    /// Gives a socket back that neither listened nor connected.
    pub(super) fn close_fresh(&mut self, socket: SocketId) {
        if let Some(Socket::Fresh(fresh)) = self.host.sockets.remove(socket)
            && let Some((_, port)) = fresh.bound
        {
            self.host.bindings.remove(Protocol::Tcp, port, socket);
        }
    }
}

/// As Linux: an address of IPv4 is too short for a socket of IPv6.
fn check_family(is_v6: bool, address: SocketAddr) -> Result<(), Errno> {
    match (is_v6, address.is_ipv6()) {
        (false, true) => Err(Errno::FamilyNotSupported),
        (true, false) => Err(Errno::InvalidInput),
        _ => Ok(()),
    }
}

fn unspecified(is_v6: bool) -> IpAddr {
    if is_v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}
