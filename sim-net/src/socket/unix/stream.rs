//! A stream between two Unix sockets as a program has it.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::path::Path;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::super::ready::ready;
use super::SocketAddr;
use super::socket::UnixSocket;
use crate::host::Kernel;
use crate::network::{Descriptor, Network};
#[cfg(feature = "tokio")]
use crate::socket::datagrams::room_of;
use crate::waiters::Interest;

pub(super) const READ: Label = Label::new("unix.read");
pub(super) const WRITE: Label = Label::new("unix.write");

/// A connection between two sockets of one host. It reads and writes through [`futures_io::AsyncRead`] and
/// [`futures_io::AsyncWrite`], and with the feature `tokio` through tokio's traits of these names, whose `poll_close` and
/// `poll_shutdown` close the writing half.
///
/// Dropping it closes the connection: what was written can still be read. If the peer wrote something that was not read,
/// it is told that the connection was reset. Credentials of the peer (`peer_cred`) are not there, as hosts have no users.
pub struct UnixStream {
    pub(super) descriptor: Descriptor,
}

impl UnixStream {
    /// Connects to the listener at a path of the current node's host, or at the abstract name that follows a zero byte.
    ///
    /// # Errors
    /// `NotFound` if there is no file, `ConnectionRefused` if nobody listens there, be it that the file was left behind,
    /// and `WouldBlock` at once if the listener has as many connections waiting as it wants: so it is with tokio on Linux.
    /// `ConnectionReset` if the listener is dropped before this returns.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        UnixSocket::new_stream()?.connect(path).await
    }

    /// Connects to the listener at an address.
    ///
    /// # Errors
    /// As [`UnixStream::connect`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        UnixSocket::new_stream()?.connect_name(socket_addr.name.clone()).await
    }

    /// Two streams that are connected, without names.
    ///
    /// # Errors
    /// If the host has too many sockets.
    ///
    /// # Panics
    /// Outside a run.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let network = Network::current();
        let (one, other) = network.with_host(|kernel| kernel.unix_pair())?;
        let stream = |socket| UnixStream { descriptor: network.descriptor(socket) };
        Ok((stream(one), stream(other)))
    }

    /// The address of this end; a client has none unless it was bound.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.unix_name(socket)).into())
    }

    /// The address of the other end, be it closed by now.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.unix_peer_name(socket))?.into())
    }

    /// That the connection was reset, if nobody was told yet (`SO_ERROR`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.unix_take_error(socket));
        Ok(errno.map(io::Error::from))
    }

    /// Reads if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; once, `ConnectionReset` if the peer has closed before it has read everything.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Read, |kernel, socket| kernel.unix_read(socket, buf))
    }

    /// [`UnixStream::try_read`] into several buffers, one after the other.
    ///
    /// # Errors
    /// As [`UnixStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Read, |kernel, socket| kernel.unix_read_vectored(socket, bufs))
    }

    /// [`UnixStream::try_read`] into what a buffer has free.
    ///
    /// # Errors
    /// As [`UnixStream::try_read`].
    #[cfg(feature = "tokio")]
    pub fn try_read_buf<B: ::bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut read = room_of(buf);
        let bytes = self.try_read(&mut read)?;
        buf.put_slice(&read[..bytes]);
        Ok(bytes)
    }

    /// Writes if that does not block, as much as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; `BrokenPipe` if nobody will read it.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.unix_write(socket, buf))
    }

    /// [`UnixStream::try_write`] of several buffers, one after the other.
    ///
    /// # Errors
    /// As [`UnixStream::try_write`].
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.unix_write_vectored(socket, buf))
    }

    pub(in crate::socket) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let asked = buffer.len();
        let read = |kernel: &mut Kernel<'_>, socket| {
            let bytes = kernel.unix_read(socket, buffer)?;
            if bytes > 0 && bytes < asked {
                kernel.unix_look_again(socket, Interest::Read);
            }
            Ok(bytes)
        };
        self.descriptor.poll(context, Interest::Read, READ, read)
    }

    pub(in crate::socket) fn poll_write(
        &self,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |kernel: &mut Kernel<'_>, socket| {
            let bytes = kernel.unix_write(socket, data)?;
            if bytes < data.len() {
                kernel.unix_look_again(socket, Interest::Write);
            }
            Ok(bytes)
        };
        self.descriptor.poll(context, Interest::Write, WRITE, write)
    }

    pub(in crate::socket) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |kernel: &mut Kernel<'_>, socket| kernel.unix_write_vectored(socket, data);
        self.descriptor.poll(context, Interest::Write, WRITE, write)
    }

    /// Closes the writing half; that it was closed already is no error.
    pub(in crate::socket) fn finish(&self) {
        self.descriptor.with(|kernel, socket| kernel.unix_finish(socket));
    }

    /// Closes the writing half if that is possible: in a drop.
    pub(super) fn finish_if_in_run(&self) {
        if self.descriptor.is_in_its_run() {
            self.finish();
        }
    }
}

ready!(UnixStream, [READ, WRITE], poll_read_ready, poll_write_ready);

impl fmt::Debug for UnixStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UnixStream").finish_non_exhaustive()
    }
}
