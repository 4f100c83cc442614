//! The options of a stream that stands.

use std::io::IoSliceMut;
use std::time::Duration;

use super::Kernel;
use super::sockets::Socket;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::tcp::TcpKeepalive;

impl Kernel<'_> {
    /// Reads into several buffers, one after the other.
    ///
    /// # Errors
    /// As [`Kernel::tcp_read`].
    pub(crate) fn tcp_read_vectored(
        &mut self,
        socket: SocketId,
        out: &mut [IoSliceMut<'_>],
    ) -> Result<usize, Errno> {
        let mut total = 0;
        for buffer in out.iter_mut().filter(|buffer| !buffer.is_empty()) {
            if total > 0 && self.host.sockets.stream(socket).connection.readable() == 0 {
                break;
            }
            let bytes = self.tcp_read(socket, buffer)?;
            total += bytes;
            if bytes < buffer.len() {
                break;
            }
        }
        Ok(total)
    }

    /// Sets whether small segments are sent at once, and sends those that have waited.
    pub(crate) fn tcp_set_nodelay(&mut self, socket: SocketId, nodelay: bool) {
        self.connection(socket).set_nodelay(nodelay);
        self.pump(socket);
    }

    /// Sets whether acknowledgements go at once, and sends one that has waited.
    pub(crate) fn tcp_set_quick(&mut self, socket: SocketId, quick: bool) {
        self.connection(socket).set_quick(quick);
        self.pump(socket);
    }

    /// How long closing lingers. It counts in whole seconds, as the kernel's does.
    pub(crate) fn tcp_set_linger(&mut self, socket: SocketId, linger: Option<Duration>) {
        self.connection(socket).set_linger(whole_seconds(linger));
    }

    /// Sets whether the peer is probed when it is idle.
    pub(crate) fn tcp_set_keepalive(&mut self, socket: SocketId, keepalive: bool) {
        let now = self.now();
        self.connection(socket).set_keepalive(now, keepalive);
        self.set_timer(socket);
    }

    /// Sets when the peer is probed.
    pub(crate) fn tcp_set_keepalive_times(&mut self, socket: SocketId, times: TcpKeepalive) {
        let now = self.now();
        self.connection(socket).set_keepalive_times(now, times);
        self.set_timer(socket);
    }

    /// The time to live of a stream, a listener, or a socket that is neither.
    pub(crate) fn tcp_ttl(&mut self, socket: SocketId) -> u8 {
        *self.ttl_mut(socket)
    }

    /// Sets the time to live. It is remembered only, as no packet passes a router.
    ///
    /// # Errors
    /// `InvalidInput` if it is not from 1 to 255.
    pub(crate) fn tcp_set_ttl(&mut self, socket: SocketId, ttl: u32) -> Result<(), Errno> {
        match u8::try_from(ttl) {
            Ok(ttl) if ttl > 0 => *self.ttl_mut(socket) = ttl,
            _ => return Err(Errno::InvalidInput),
        }
        Ok(())
    }

    fn ttl_mut(&mut self, socket: SocketId) -> &mut u8 {
        match self.host.sockets.get_mut(socket) {
            Some(Socket::Stream(stream)) => &mut stream.ttl,
            Some(Socket::Listener(listener)) => &mut listener.settings.ttl,
            Some(Socket::Fresh(fresh)) => &mut fresh.settings.ttl,
            _ => panic!("the descriptor is not an open TCP socket's"),
        }
    }
}

/// What the kernel takes of a time to linger.
pub(crate) fn whole_seconds(linger: Option<Duration>) -> Option<Duration> {
    linger.map(|linger| Duration::from_secs(linger.as_secs()))
}
