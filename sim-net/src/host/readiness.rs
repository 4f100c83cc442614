//! What a socket is ready for, as tokio keeps it: see [`waiters`](crate::waiters).

use std::task::Waker;

use super::Kernel;
use super::sockets::Socket;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::waiters::{For, Interest, WaitId};

/// What a socket counts as ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) is_readable: bool,
    pub(crate) is_writable: bool,
    pub(crate) is_read_closed: bool,
    pub(crate) is_write_closed: bool,
    pub(crate) has_error: bool,
}

impl Kernel<'_> {
    /// What a socket counts as ready for.
    pub(crate) fn status(&mut self, socket: SocketId) -> Status {
        let [is_readable, is_writable] = [Interest::Read, Interest::Write]
            .map(|interest| self.host.sockets.waiters(socket, interest).is_some_and(|it| it.is_ready()));
        let (is_read_closed, is_write_closed, has_error) = match self.host.sockets.get(socket) {
            Some(Socket::Stream(stream)) => {
                let connection = &stream.connection;
                (connection.is_read_closed(), connection.is_write_closed(), connection.has_error())
            }
            Some(Socket::Datagrams(datagrams)) => (false, false, datagrams.has_error()),
            Some(Socket::Unix(_)) => self.unix_ends(socket),
            Some(Socket::Fresh(_) | Socket::Listener(_)) | None => (false, false, false),
        };
        Status { is_readable, is_writable, is_read_closed, is_write_closed, has_error }
    }

    /// Whether a socket counts as ready in a direction.
    #[inline]
    pub(crate) fn is_ready(&mut self, socket: SocketId, interest: Interest) -> bool {
        let waiters = self.host.sockets.waiters(socket, interest);
        let has_come = interest != Interest::Error && waiters.is_some_and(|waiters| waiters.is_ready());
        has_come || self.is_at_end(socket, interest)
    }

    /// Whether it counts as ready for another reason than that something has come.
    fn is_at_end(&mut self, socket: SocketId, interest: Interest) -> bool {
        let status = self.status(socket);
        match interest {
            Interest::Read => status.is_read_closed,
            Interest::Write => status.is_write_closed,
            Interest::Error => status.has_error,
        }
    }

    /// Makes a call, if the socket counts as ready for it. It does so no more if the call would block.
    #[inline]
    pub(crate) fn attempt<R>(
        &mut self,
        socket: SocketId,
        interest: Interest,
        call: impl FnOnce(&mut Self, SocketId) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        if !self.is_ready(socket, interest) {
            return Err(Errno::WouldBlock);
        }
        let result = call(self, socket);
        if let Err(Errno::WouldBlock) = result {
            self.blocks(socket, interest);
        }
        result
    }

    /// A call would block, so that the socket is not ready until something comes.
    pub(crate) fn blocks(&mut self, socket: SocketId, interest: Interest) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest) {
            waiters.set_ready(false);
        }
        if interest == Interest::Write
            && let Some(Socket::Datagrams(_)) = self.host.sockets.get(socket)
        {
            self.udp_await_room(socket);
        }
    }

    /// Wakes once when the socket is worth trying again, in place of who has polled before.
    #[inline]
    pub(crate) fn wait(&mut self, socket: SocketId, interest: Interest, waker: &Waker) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest)
            && let Some(former) = waiters.set_poller(waker)
        {
            self.wire.garbage.push(former);
        }
    }

    /// Wakes a future once when the socket is worth trying again, be it to be told of an error.
    pub(crate) fn enlist(&mut self, socket: SocketId, interest: Interest, id: WaitId, waker: &Waker) {
        let is_of_datagrams = matches!(self.host.sockets.get(socket), Some(Socket::Datagrams(_)));
        let wakes_for = match interest {
            Interest::Error if is_of_datagrams => For::Error,
            _ => For::Progress,
        };
        self.enlist_for(socket, interest, (id, waker), wakes_for);
    }

    /// Wakes a future once when there is something to read, or an error.
    pub(crate) fn enlist_reader(&mut self, socket: SocketId, who: (WaitId, &Waker)) {
        self.enlist_for(socket, Interest::Read, who, For::Both);
    }

    fn enlist_for(
        &mut self,
        socket: SocketId,
        interest: Interest,
        (id, waker): (WaitId, &Waker),
        wakes_for: For,
    ) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest)
            && let Some(former) = waiters.enlist(id, waker, wakes_for)
        {
            self.wire.garbage.push(former);
        }
    }

    /// Whether a future is still to be woken.
    pub(crate) fn is_listed(&mut self, socket: SocketId, interest: Interest, id: WaitId) -> bool {
        self.host.sockets.waiters(socket, interest).is_some_and(|waiters| waiters.has(id))
    }

    /// A future waits no more.
    pub(crate) fn delist(&mut self, socket: SocketId, id: WaitId) {
        for interest in [Interest::Read, Interest::Write] {
            self.delist_from(socket, interest, id);
        }
    }

    /// A future waits no more for that direction.
    #[inline]
    pub(crate) fn delist_from(&mut self, socket: SocketId, interest: Interest, id: WaitId) {
        if let Some(waiters) = self.host.sockets.waiters(socket, interest)
            && let Some(waker) = waiters.delist(id)
        {
            self.wire.garbage.push(waker);
        }
    }
}
