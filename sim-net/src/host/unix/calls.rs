//! The calls that all Unix sockets know.

use std::path::Path;

use super::{Name, State, UnixSocket};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::host::sockets::Socket;
use crate::waiters::Interest;

impl Kernel<'_> {
    /// Opens a stream socket without a name.
    ///
    /// # Errors
    /// If the host has too many sockets.
    pub(crate) fn unix_open(&mut self) -> Result<SocketId, Errno> {
        self.add_unix(State::Idle)
    }

    pub(super) fn add_unix(&mut self, state: State) -> Result<SocketId, Errno> {
        self.process_is_alive()?;
        let socket = Socket::Unix(UnixSocket::new(state));
        self.host.sockets.insert(self.wire.config.sockets_max, socket)
    }

    /// Gives a name to a socket.
    ///
    /// # Errors
    /// If the name is taken, or the socket has one.
    pub(crate) fn unix_bind(&mut self, socket: SocketId, name: Name) -> Result<(), Errno> {
        self.process_is_alive()?;
        let unix = self.host.sockets.unix(socket);
        if unix.name != Name::Unnamed {
            return Err(Errno::InvalidName);
        }
        let kind = unix.kind();
        let name = self.host.unix_names.bind(name, kind, socket)?;
        self.host.sockets.unix(socket).name = name;
        Ok(())
    }

    /// What a socket is called.
    pub(crate) fn unix_name(&mut self, socket: SocketId) -> Name {
        self.host.sockets.unix(socket).name.clone()
    }

    /// What the socket is called that this one is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub(crate) fn unix_peer_name(&mut self, socket: SocketId) -> Result<Name, Errno> {
        match &self.host.sockets.unix(socket).state {
            State::Stream(end) => Ok(end.peer_name.clone()),
            State::Datagrams(datagrams) => datagrams.peer_name().ok_or(Errno::NotConnected),
            State::Idle | State::Listener(_) => Err(Errno::NotConnected),
        }
    }

    /// What a socket was to tell, and has not.
    pub(crate) fn unix_take_error(&mut self, socket: SocketId) -> Option<Errno> {
        match &mut self.host.sockets.unix(socket).state {
            State::Stream(end) => end.failure.take(),
            State::Datagrams(datagrams) => datagrams.failure.take(),
            State::Idle | State::Listener(_) => None,
        }
    }

    /// Whether nothing more will come, whether nothing more can be sent, and whether there is an error to be told of. As
    /// Linux's `poll` has it, that nothing can be sent shows only when nothing will come either.
    pub(crate) fn unix_ends(&mut self, socket: SocketId) -> (bool, bool, bool) {
        let (no_reads, no_writes, has_error) = match &self.host.sockets.unix(socket).state {
            State::Idle | State::Listener(_) => (false, false, false),
            State::Stream(end) => (end.is_read_closed, end.is_write_closed, end.failure.is_some()),
            State::Datagrams(datagrams) => datagrams.ends(),
        };
        (no_reads, no_reads && no_writes, has_error)
    }

    pub(in crate::host) fn close_unix(&mut self, socket: SocketId) {
        let Some(Socket::Unix(unix)) = self.host.sockets.remove(socket) else { return };
        let kind = unix.kind();
        let UnixSocket { name, state, mut readers, mut writers } = *unix;
        readers.take_into(&mut self.wire.garbage);
        writers.take_into(&mut self.wire.garbage);
        self.host.unix_names.release(&name, kind, socket);
        match state {
            State::Idle => {}
            State::Listener(listener) => self.close_unix_listener(listener),
            State::Stream(end) => self.close_unix_stream(end),
            State::Datagrams(datagrams) => self.close_unix_datagrams(datagrams),
        }
    }

    /// Whether the host has a file of this name, which is a socket's or was.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        self.host.unix_names.has_file(path)
    }

    /// Removes a socket's file; the socket stays as it is.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub(crate) fn remove_file(&mut self, path: &Path) -> Result<(), Errno> {
        self.process_is_alive()?;
        self.host.unix_names.remove_file(path)
    }

    /// Where a task waits at a Unix socket.
    pub(in crate::host) fn describe_unix(&self, unix: &UnixSocket, interest: Interest) -> String {
        let (host, name) = (self.wire.name(self.host.id), &unix.name);
        let between = if interest == Interest::Read { "from" } else { "to" };
        match &unix.state {
            State::Stream(end) => format!("{host}:{name} {between} {}", end.peer_name),
            State::Datagrams(datagrams) => match datagrams.peer_name() {
                Some(peer) => format!("{host}:{name} {between} {peer}"),
                None => format!("{host}:{name}"),
            },
            State::Idle | State::Listener(_) => format!("{host}:{name}"),
        }
    }

    /// Wakes those who wait at a Unix socket, if it is still there.
    pub(super) fn wake_unix(&mut self, socket: SocketId, interest: Interest) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest) {
            waiters.wake_into(&mut self.wire.wakes);
        }
    }

    /// Adds what a Unix socket has sent to the hash of the run and to its trace; no bytes are a connection.
    pub(super) fn note_unix(&mut self, from: SocketId, to: SocketId, bytes: usize) {
        let word = |socket: SocketId| (u64::from(socket.index) << 32) | u64::from(socket.generation);
        self.wire.run.hash_word(word(from) ^ word(to).rotate_left(13) ^ (bytes as u64).rotate_left(40));
        if !self.wire.is_traced() {
            return;
        }
        let (host, source, target) = (self.wire.name(self.host.id), self.unix_name(from), self.unix_name(to));
        self.wire.note(|| {
            format!("unix {host}:{source} -> {target} {bytes} byte{}", if bytes == 1 { "" } else { "s" })
        });
    }
}
