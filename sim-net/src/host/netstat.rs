//! The sockets of a host as rows of a table.

use std::net::SocketAddr;

use super::socket_row::{Address, Protocol, SocketRow};
use super::sockets::{Owner, Socket, Stream};
use super::unix::Kind;
use super::{Kernel, Known};
use crate::address::{Endpoint, Pair};
use crate::tcp::{SocketState, Timer, TimerKind};

impl Kernel<'_> {
    /// A row for each socket, in order.
    pub(crate) fn rows(&mut self) -> Vec<SocketRow> {
        let now = self.now();
        let mut rows: Vec<SocketRow> =
            self.host.sockets.iter().filter_map(|socket| self.row(socket)).collect();
        for (&pair, known) in &self.host.connections {
            if let Known::TimeWait { time_wait, .. } = known
                && time_wait.until() > now
            {
                let timer = Timer { kind: TimerKind::TimeWait, due: time_wait.until() };
                let remote = Some(self.inet(false, pair.remote));
                let row = self.row_at(Protocol::Tcp, self.inet(false, pair.local), remote, time_wait.state());
                rows.push(SocketRow { timer: Some(timer), ..row });
            }
        }
        rows.sort_by(|one, other| one.order().cmp(&other.order()));
        rows
    }

    /// A line for each socket that the program of a host which is up has not closed: what netstat shows of it.
    pub(crate) fn left_open(&mut self) -> Vec<String> {
        if self.host.is_process_dead {
            return Vec::new();
        }
        let is_open = |socket: &&Socket| match socket {
            Socket::Stream(stream) => stream.owner == Owner::User,
            _ => !socket.is_dead(),
        };
        let rows = self.host.sockets.iter().filter(is_open).filter_map(|socket| self.row(socket));
        let line = |row: SocketRow| {
            let SocketRow { node, protocol, local, remote, .. } = row;
            match remote {
                Some(remote) => format!("{protocol} {local} to {remote} on {node}"),
                None => format!("{protocol} {local} on {node}"),
            }
        };
        rows.map(line).collect()
    }

    fn row_at(
        &self,
        protocol: Protocol,
        local: Address,
        remote: Option<Address>,
        state: SocketState,
    ) -> SocketRow {
        let node = self.wire.name(self.host.id);
        SocketRow { node, protocol, local, remote, state, recv_q: 0, send_q: 0, timer: None }
    }

    fn inet(&self, is_v6: bool, endpoint: Endpoint) -> Address {
        Address::Inet(self.wire.interfaces.address_for(is_v6, endpoint))
    }

    /// The row of a socket, if it is not what was left of one when its process died.
    fn row(&self, socket: &Socket) -> Option<SocketRow> {
        // A stream looks dead as well when its connection has ended, though a living process still has it.
        let may_be_held = matches!(socket, Socket::Stream(_)) && !self.host.is_process_dead;
        if socket.is_dead() && !may_be_held {
            return None;
        }
        match socket {
            Socket::Fresh(fresh) => {
                let local = fresh.address().map(|(bound, port)| self.bound_address(false, bound, port));
                let local = local.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
                Some(self.row_at(Protocol::Tcp, Address::Inet(local), None, SocketState::Close))
            }
            Socket::Stream(stream) => Some(self.stream_row(stream)),
            Socket::Listener(listener) => {
                let local = Address::Inet(self.bound_address(false, listener.bound, listener.port));
                let row = self.row_at(Protocol::Tcp, local, None, SocketState::Listen);
                let (recv_q, send_q) = (listener.backlog.len() as u64, listener.backlog_max.into());
                Some(SocketRow { recv_q, send_q, ..row })
            }
            Socket::Datagrams(datagrams) => {
                let (bound, is_v6, peer) = datagrams.addresses();
                let local = Address::Inet(self.bound_address(is_v6, bound, datagrams.port));
                let remote = peer.map(|peer| self.inet(is_v6, peer));
                let row = self.row_at(Protocol::Udp, local, remote, connected(peer.is_some()));
                Some(SocketRow { recv_q: datagrams.queued_bytes() as u64, ..row })
            }
            Socket::Unix(unix) => {
                let (kind, remote, state, (recv_q, send_q)) = unix.status();
                let protocol = match kind {
                    Kind::Stream => Protocol::UnixStream,
                    Kind::Datagrams => Protocol::UnixDatagram,
                };
                let remote = remote.map(|name| Address::Unix(name.into()));
                let row = self.row_at(protocol, Address::Unix(unix.name().into()), remote, state);
                Some(SocketRow { recv_q, send_q, ..row })
            }
        }
    }

    fn stream_row(&self, stream: &Stream) -> SocketRow {
        let Stream { connection, pair: Pair { local, remote }, is_v6, .. } = stream;
        let (local, remote) = (self.inet(*is_v6, *local), self.inet(*is_v6, *remote));
        let (recv_q, send_q) = connection.queues();
        let row = self.row_at(Protocol::Tcp, local, Some(remote), connection.state());
        SocketRow { recv_q, send_q, timer: connection.next_timer(), ..row }
    }
}

/// As Linux has the state of what knows no connections.
fn connected(is_connected: bool) -> SocketState {
    if is_connected { SocketState::Established } else { SocketState::Close }
}
