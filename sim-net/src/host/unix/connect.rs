//! How Unix streams are connected: one listens, another asks, the first accepts.

use std::collections::VecDeque;

use super::end::End;
use super::listener::Listener;
use super::{Kind, Name, State};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::waiters::Interest;

impl Kernel<'_> {
    /// Lets a socket that has a name wait for connections; one that does so already gets another bound.
    ///
    /// # Errors
    /// `InvalidInput` if it has no name or is connected.
    pub(crate) fn unix_listen(&mut self, socket: SocketId, backlog_max: u32) -> Result<(), Errno> {
        let unix = self.host.sockets.unix(socket);
        if unix.name == Name::Unnamed {
            return Err(Errno::InvalidName);
        }
        match &mut unix.state {
            State::Idle => unix.state = State::Listener(Listener { backlog_max, backlog: VecDeque::new() }),
            State::Listener(listener) => listener.backlog_max = backlog_max,
            State::Stream(_) | State::Datagrams(_) => return Err(Errno::InvalidName),
        }
        Ok(())
    }

    /// Connects a stream socket to a listener, which need not have accepted.
    ///
    /// # Errors
    /// `NotFound` if there is no file, `ConnectionRefused` if nobody listens there, `WouldBlock` if too many connections
    /// wait to be accepted.
    pub(crate) fn unix_connect(&mut self, socket: SocketId, to: &Name) -> Result<(), Errno> {
        let found = self.host.unix_names.find(to, Kind::Stream)?;
        let unix = self.host.sockets.find_unix(found).ok_or(Errno::ConnectionRefused)?;
        let State::Listener(listener) = &unix.state else {
            let is_stream = unix.kind() == Kind::Stream;
            return Err(if is_stream { Errno::ConnectionRefused } else { Errno::WrongType });
        };
        if listener.is_full() {
            return Err(Errno::WouldBlock);
        }
        let listener_name = unix.name.clone();
        let name = self.unix_name(socket);
        let accepted = self.add_unix(State::Stream(End::new(socket, name)))?;
        self.host.sockets.unix(accepted).name = listener_name.clone();
        self.host.sockets.unix(socket).state = State::Stream(End::new(accepted, listener_name));
        if let State::Listener(listener) = &mut self.host.sockets.unix(found).state {
            listener.backlog.push_back(accepted);
        }
        self.wake_unix(found, Interest::Read);
        self.note_unix(socket, found, 0);
        Ok(())
    }

    /// Takes a connection that has come to a listener. It counts as ready in both directions, as with tokio:
    /// its first read and write are tried (`Registration::assume_ready` of tokio 1.54).
    ///
    /// # Errors
    /// `WouldBlock` if there is none.
    pub(crate) fn unix_accept(&mut self, listener: SocketId) -> Result<(SocketId, Name), Errno> {
        let State::Listener(listener) = &mut self.host.sockets.unix(listener).state else {
            return Err(Errno::InvalidName);
        };
        let accepted = listener.backlog.pop_front().ok_or(Errno::WouldBlock)?;
        let peer_name = self.unix_peer_name(accepted)?;
        let unix = self.host.sockets.unix(accepted);
        for interest in [Interest::Read, Interest::Write] {
            unix.waiters(interest).set_ready(true);
        }
        Ok((accepted, peer_name))
    }

    /// Resets the connections that nobody has accepted.
    pub(super) fn close_unix_listener(&mut self, listener: Listener) {
        for waiting in listener.backlog {
            if let State::Stream(end) = &mut self.host.sockets.unix(waiting).state
                && let Some(peer) = end.peer.take()
            {
                self.lose_unix_peer(peer, true);
            }
            self.close_unix(waiting);
        }
    }
}
