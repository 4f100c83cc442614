//! Streams between two Unix sockets of a host.

use std::io::{IoSlice, IoSliceMut};

use super::end::End;
use super::inbox::{is_roomy, piece_bytes_max};
use super::{Name, State};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::waiters::Interest;

impl Kernel<'_> {
    /// Opens two streams that are connected.
    ///
    /// # Errors
    /// If the host has too many sockets.
    pub(crate) fn unix_pair(&mut self) -> Result<(SocketId, SocketId), Errno> {
        let one = self.unix_open()?;
        let other = match self.add_unix(State::Stream(End::new(one, Name::Unnamed))) {
            Ok(other) => other,
            Err(errno) => {
                self.close_unix(one);
                return Err(errno);
            }
        };
        self.host.sockets.unix(one).state = State::Stream(End::new(other, Name::Unnamed));
        Ok((one, other))
    }

    fn find_end(&mut self, socket: SocketId) -> Option<&mut End> {
        match &mut self.host.sockets.find_unix(socket)?.state {
            State::Stream(end) => Some(end),
            _ => None,
        }
    }

    /// Reads from a stream; zero bytes are its end.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is there; once, that the peer has closed before it has read everything.
    pub(crate) fn unix_read(&mut self, socket: SocketId, out: &mut [u8]) -> Result<usize, Errno> {
        let State::Stream(end) = &mut self.host.sockets.unix(socket).state else {
            return Err(Errno::InvalidName);
        };
        if end.inbox.is_empty() {
            return match end.failure.take() {
                Some(failure) => Err(failure),
                None if end.is_read_closed => Ok(0),
                None => Err(Errno::WouldBlock),
            };
        }
        let (read, freed) = end.inbox.read(&mut self.wire.pool, out);
        if let Some(peer) = end.peer {
            self.free_in_flight(peer, freed);
        }
        Ok(read)
    }

    /// As [`Kernel::unix_read`] into several buffers, one after the other.
    ///
    /// # Errors
    /// As [`Kernel::unix_read`].
    pub(crate) fn unix_read_vectored(
        &mut self,
        socket: SocketId,
        out: &mut [IoSliceMut<'_>],
    ) -> Result<usize, Errno> {
        let mut total = 0;
        for buffer in out.iter_mut().filter(|buffer| !buffer.is_empty()) {
            match self.unix_read(socket, buffer) {
                Ok(bytes) if bytes == buffer.len() => total += bytes,
                Ok(bytes) => return Ok(total + bytes),
                Err(Errno::WouldBlock) if total > 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(total)
    }

    /// As tokio has it, a read that does not fill its buffer, or a write that does not take all, says that nothing is left to
    /// read, or no room.
    pub(crate) fn unix_look_again(&mut self, socket: SocketId, interest: Interest) {
        let config = self.wire.config.unix;
        let unix = self.host.sockets.unix(socket);
        let State::Stream(end) = &unix.state else { return };
        let is_ready = match interest {
            Interest::Read => end.is_readable(),
            Interest::Write | Interest::Error => end.is_writable(config),
        };
        unix.waiters(interest).set_ready(is_ready);
    }

    /// What an end has written was read.
    fn free_in_flight(&mut self, writer: SocketId, freed: usize) {
        let config = self.wire.config.unix;
        let Some(end) = self.find_end(writer) else { return };
        end.in_flight -= freed;
        if freed > 0 && is_roomy(end.in_flight, config) {
            self.wake_unix(writer, Interest::Write);
        }
    }

    /// Writes to a stream, as much as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; `BrokenPipe` if nobody will read it; `NotConnected`.
    pub(crate) fn unix_write(&mut self, socket: SocketId, data: &[u8]) -> Result<usize, Errno> {
        let config = self.wire.config.unix;
        let State::Stream(end) = &self.host.sockets.unix(socket).state else {
            return Err(Errno::NotConnected);
        };
        let (Some(peer), false, mut in_flight) = (end.peer, end.is_write_closed, end.in_flight) else {
            return Err(Errno::BrokenPipe);
        };
        let State::Stream(peer_end) = &mut self.host.sockets.unix(peer).state else {
            return Err(Errno::BrokenPipe);
        };
        let mut written = 0;
        for piece in data.chunks(piece_bytes_max(config)) {
            if in_flight >= config.send_buffer_bytes as usize {
                break;
            }
            in_flight += peer_end.inbox.push(&mut self.wire.pool, piece);
            written += piece.len();
        }
        if written == 0 {
            return if data.is_empty() { Ok(0) } else { Err(Errno::WouldBlock) };
        }
        if let Some(end) = self.find_end(socket) {
            end.in_flight = in_flight;
        }
        self.wake_unix(peer, Interest::Read);
        self.note_unix(socket, peer, written);
        Ok(written)
    }

    /// As [`Kernel::unix_write`] of several buffers, one after the other.
    ///
    /// # Errors
    /// As [`Kernel::unix_write`].
    pub(crate) fn unix_write_vectored(
        &mut self,
        socket: SocketId,
        data: &[IoSlice<'_>],
    ) -> Result<usize, Errno> {
        if data.iter().all(|buffer| buffer.is_empty()) {
            // `writev(2)` does not come to the socket.
            return Ok(0);
        }
        match data {
            [part] => self.unix_write(socket, part),
            parts => self.unix_write(socket, &parts.iter().map(|part| &**part).collect::<Vec<_>>().concat()),
        }
    }

    /// Closes the writing half of a stream. It may be closed already.
    pub(crate) fn unix_finish(&mut self, socket: SocketId) {
        let config = self.wire.config.unix;
        let Some(end) = self.find_end(socket) else { return };
        end.is_write_closed = true;
        let (peer, is_writable) = (end.peer, end.is_writable(config));
        if is_writable {
            self.wake_unix(socket, Interest::Write);
        }
        if let Some(peer) = peer
            && let Some(end) = self.find_end(peer)
        {
            end.is_read_closed = true;
            self.wake_unix(peer, Interest::Read);
        }
    }

    /// Closes both halves. The peer is told if it wrote something that was not read.
    pub(super) fn close_unix_stream(&mut self, mut end: End) {
        let has_unread = !end.inbox.is_empty();
        end.inbox.clear(&mut self.wire.pool);
        let Some(peer) = end.peer else { return };
        self.lose_unix_peer(peer, has_unread);
    }

    /// The other end of a stream is gone.
    pub(super) fn lose_unix_peer(&mut self, socket: SocketId, is_reset: bool) {
        let Some(end) = self.find_end(socket) else { return };
        end.peer = None;
        (end.is_read_closed, end.is_write_closed, end.in_flight) = (true, true, 0);
        if is_reset {
            end.failure = Some(Errno::ConnectionReset);
        }
        self.wake_unix(socket, Interest::Read);
        self.wake_unix(socket, Interest::Write);
    }
}
