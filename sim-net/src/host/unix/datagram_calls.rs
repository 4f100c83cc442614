//! How datagrams go between Unix sockets of a host.

use std::collections::VecDeque;

use super::datagrams::{Datagram, Datagrams};
use super::inbox::is_roomy;
use super::{Kind, Name, State};
use crate::address::SocketId;
use crate::bytes::Bytes;
use crate::errno::Errno;
use crate::host::{Kernel, memory};
use crate::waiters::Interest;

/// Bytes of the send buffer that no datagram can fill, as in Linux.
const RESERVED_BYTES: usize = 32;

impl Kernel<'_> {
    /// Opens a socket for datagrams, without a name.
    ///
    /// # Errors
    /// If the host has too many sockets.
    pub(crate) fn unix_datagrams(&mut self) -> Result<SocketId, Errno> {
        self.add_unix(State::Datagrams(Datagrams::default()))
    }

    /// Opens two sockets for datagrams that are connected.
    ///
    /// # Errors
    /// If the host has too many sockets.
    pub(crate) fn unix_datagrams_pair(&mut self) -> Result<(SocketId, SocketId), Errno> {
        let one = self.unix_datagrams()?;
        let other = match self.unix_datagrams() {
            Ok(other) => other,
            Err(errno) => {
                self.close_unix(one);
                return Err(errno);
            }
        };
        self.datagrams_of(one)?.peer = Some((other, Name::Unnamed));
        self.datagrams_of(other)?.peer = Some((one, Name::Unnamed));
        Ok((one, other))
    }

    pub(super) fn find_unix_datagrams(&mut self, socket: SocketId) -> Option<&mut Datagrams> {
        match &mut self.host.sockets.find_unix(socket)?.state {
            State::Datagrams(datagrams) => Some(datagrams),
            _ => None,
        }
    }

    fn datagrams_of(&mut self, socket: SocketId) -> Result<&mut Datagrams, Errno> {
        self.find_unix_datagrams(socket).ok_or(Errno::InvalidName)
    }

    /// The open socket for datagrams of that name.
    fn find_receiver(&mut self, name: &Name) -> Result<SocketId, Errno> {
        let found = self.host.unix_names.find(name, Kind::Datagrams)?;
        let unix = self.host.sockets.find_unix(found).ok_or(Errno::ConnectionRefused)?;
        if unix.kind() == Kind::Datagrams { Ok(found) } else { Err(Errno::WrongType) }
    }

    /// Sets where datagrams go, and from where alone they are taken. What came from a former peer is lost, as in Linux.
    ///
    /// # Errors
    /// `NotFound` or `ConnectionRefused` if nobody is there, `PermissionDenied` if that socket is connected to another.
    pub(crate) fn unix_datagrams_connect(&mut self, socket: SocketId, to: Name) -> Result<(), Errno> {
        let peer = self.find_receiver(&to)?;
        if !self.datagrams_of(peer)?.takes_from(socket) {
            return Err(Errno::NotPermitted);
        }
        let former = self.datagrams_of(socket)?.peer.replace((peer, to));
        // It may have waited for the former peer.
        self.wake_unix(socket, Interest::Write);
        if let Some((former, _)) = former
            && former != peer
            && self.purge(socket)
            && let Some(former_datagrams) = self.find_unix_datagrams(former)
            && former_datagrams.peer() == Some(socket)
        {
            former_datagrams.failure = Some(Errno::ConnectionReset);
            // As in Linux, an error is nothing to read.
            self.wake_unix(former, Interest::Write);
        }
        Ok(())
    }

    /// Loses all that is to be received; whether that is something.
    pub(super) fn purge(&mut self, socket: SocketId) -> bool {
        let Some(datagrams) = self.find_unix_datagrams(socket) else { return false };
        let (queue, blocked) = (std::mem::take(&mut datagrams.queue), std::mem::take(&mut datagrams.blocked));
        self.lose_all(&queue, blocked);
        let is_something = !queue.is_empty();
        for mut datagram in queue {
            datagram.bytes.clear(&mut self.wire.pool);
        }
        is_something
    }

    /// Tells the senders that these have left a queue.
    fn lose_all(&mut self, queue: &VecDeque<Datagram>, blocked: Vec<SocketId>) {
        for datagram in queue {
            self.free_datagram(datagram.from, datagram.length);
        }
        for sender in blocked {
            self.wake_unix(sender, Interest::Write);
        }
    }

    fn free_datagram(&mut self, sender: SocketId, length: usize) {
        let config = self.wire.config.unix;
        let Some(datagrams) = self.find_unix_datagrams(sender) else { return };
        datagrams.in_flight -= memory::of_unix_datagram(length);
        if is_roomy(datagrams.in_flight, config) {
            self.wake_unix(sender, Interest::Write);
        }
    }

    /// Sends a datagram to a name, or to the peer.
    ///
    /// # Errors
    /// `WouldBlock` if the receiver has too many, or this socket's buffer is full; `EMSGSIZE`; `NotConnected`, and
    /// `ConnectionRefused` once the peer is gone; `BrokenPipe` after a shutdown; as [`Kernel::unix_datagrams_connect`].
    pub(crate) fn unix_send(
        &mut self,
        socket: SocketId,
        data: &[u8],
        to: Option<&Name>,
    ) -> Result<usize, Errno> {
        let send_buffer_bytes = self.wire.config.unix.send_buffer_bytes as usize;
        let datagrams = self.datagrams_of(socket)?;
        if data.len() > send_buffer_bytes - RESERVED_BYTES {
            return Err(Errno::MessageTooLong);
        }
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        if datagrams.is_write_closed {
            return Err(Errno::BrokenPipe);
        }
        if datagrams.in_flight >= send_buffer_bytes {
            return Err(Errno::WouldBlock);
        }
        let receiver = match to {
            Some(name) => self.find_receiver(name)?,
            None => self.unix_peer(socket)?,
        };
        self.look_whether_taken(socket, receiver)?;
        self.deliver_unix(socket, receiver, data);
        Ok(data.len())
    }

    /// The peer of a connected socket. If it is gone, so is what came from it.
    fn unix_peer(&mut self, socket: SocketId) -> Result<SocketId, Errno> {
        let peer = self.datagrams_of(socket)?.peer().ok_or(Errno::NotConnected)?;
        if self.find_unix_datagrams(peer).is_none() {
            self.datagrams_of(socket)?.peer = None;
            self.purge(socket);
            return Err(Errno::ConnectionRefused);
        }
        Ok(peer)
    }

    fn look_whether_taken(&mut self, socket: SocketId, receiver: SocketId) -> Result<(), Errno> {
        let max_dgram_qlen = self.wire.config.unix.max_dgram_qlen as usize;
        let datagrams = self.datagrams_of(receiver)?;
        if !datagrams.takes_from(socket) {
            return Err(Errno::NotPermitted);
        }
        if datagrams.is_read_closed {
            return Err(Errno::BrokenPipe);
        }
        // Two that are connected to each other have but their buffers; so has one that sends to itself.
        let is_bounded = socket != receiver && datagrams.peer() != Some(socket);
        if is_bounded && datagrams.queue.len() > max_dgram_qlen {
            // As in Linux, only who is connected to the receiver is told when it has room.
            if self.datagrams_of(socket)?.peer() == Some(receiver) {
                let blocked = &mut self.datagrams_of(receiver)?.blocked;
                if !blocked.contains(&socket) {
                    blocked.push(socket);
                }
            }
            return Err(Errno::WouldBlock);
        }
        Ok(())
    }

    fn deliver_unix(&mut self, socket: SocketId, receiver: SocketId, data: &[u8]) {
        let source = self.unix_name(socket);
        let mut bytes = Bytes::default();
        bytes.write(&mut self.wire.pool, data);
        let datagram = Datagram { from: socket, source, length: data.len(), bytes };
        if let Some(datagrams) = self.find_unix_datagrams(socket) {
            datagrams.in_flight += memory::of_unix_datagram(data.len());
        }
        if let Some(datagrams) = self.find_unix_datagrams(receiver) {
            datagrams.queue.push_back(datagram);
        }
        self.wake_unix(receiver, Interest::Read);
        self.note_unix(socket, receiver, data.len());
    }

    /// Receives a datagram, and from whom it is. What does not fit is lost.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; `ConnectionReset` once, if the peer has turned to another and lost what was sent to it.
    pub(crate) fn unix_recv_from(
        &mut self,
        socket: SocketId,
        out: &mut [u8],
    ) -> Result<(usize, Name), Errno> {
        let datagrams = self.datagrams_of(socket)?;
        if let Some(failure) = datagrams.failure.take() {
            return Err(failure);
        }
        let mut datagram = datagrams.queue.pop_front().ok_or(Errno::WouldBlock)?;
        let blocked = std::mem::take(&mut datagrams.blocked);
        let received = datagram.bytes.read(&mut self.wire.pool, out);
        datagram.bytes.clear(&mut self.wire.pool);
        self.free_datagram(datagram.from, datagram.length);
        for sender in blocked {
            self.wake_unix(sender, Interest::Write);
        }
        Ok((received, datagram.source))
    }

    /// Whether the reading half was shut down, so that nothing will come.
    pub(crate) fn unix_is_read_closed(&mut self, socket: SocketId) -> bool {
        self.find_unix_datagrams(socket).is_some_and(|datagrams| datagrams.is_read_closed)
    }

    /// Closes halves of a socket for datagrams. Nobody else is told.
    pub(crate) fn unix_datagrams_shutdown(&mut self, socket: SocketId, read: bool, write: bool) {
        let Some(datagrams) = self.find_unix_datagrams(socket) else { return };
        datagrams.is_read_closed |= read;
        datagrams.is_write_closed |= write;
        let blocked = std::mem::take(&mut datagrams.blocked);
        self.wake_unix(socket, Interest::Read);
        self.wake_unix(socket, Interest::Write);
        for sender in blocked {
            self.wake_unix(sender, Interest::Write);
        }
    }

    /// Loses what was not received; those who send to it will find nobody.
    pub(super) fn close_unix_datagrams(&mut self, datagrams: Datagrams) {
        let Datagrams { queue, blocked, .. } = datagrams;
        self.lose_all(&queue, blocked);
        for mut datagram in queue {
            datagram.bytes.clear(&mut self.wire.pool);
        }
    }
}
