//! A TCP connection as a program has it.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::ready::ready;
use crate::dns::{ToSocketAddrs, resolve};
use crate::errno::Errno;
use crate::host::Kernel;
use crate::network::{Descriptor, Network};
use crate::waiters::Interest;

const CONNECT: Label = Label::new("tcp.connect");
const READ: Label = Label::new("tcp.read");
const WRITE: Label = Label::new("tcp.write");

/// What [`TcpStream::try_read_buf`] reads at most at once.
#[cfg(feature = "tokio")]
const READ_BUF_BYTES_MAX: usize = 65_536;

/// A TCP connection. It reads and writes through [`futures_io::AsyncRead`] and [`futures_io::AsyncWrite`], and with the
/// feature `tokio` through tokio's traits of these names.
///
/// Dropping it closes the connection: what was written still arrives, and the peer reads to its end. If the peer sent
/// something that was not read, the connection is reset instead, as real ones are.
pub struct TcpStream {
    pub(super) descriptor: Descriptor,
}

impl TcpStream {
    /// Connects the current node's host to an address; of several the first that answers.
    ///
    /// # Errors
    /// As the kernel's: `ConnectionRefused` if nobody listens there, `TimedOut` if nobody answers for two minutes,
    /// `HostUnreachable` if no host has the address, `NetworkUnreachable` if none can have it. `NotFound` if no node
    /// has the name.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let addresses = resolve(&addr).await?;
        let network = Network::current();
        let mut last = None;
        for &address in addresses.as_slice() {
            let connected = async {
                let descriptor = network.open(address.ip(), |kernel| kernel.tcp_connect_to(address))?;
                TcpStream::when_connected(descriptor).await
            };
            match connected.await {
                Ok(stream) => return Ok(stream),
                Err(errno) => last = Some(errno.at("connect to", address)),
            }
        }
        Err(last.unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any address")
        }))
    }

    /// Waits until the handshake is done.
    pub(super) async fn when_connected(descriptor: Descriptor) -> Result<TcpStream, Errno> {
        let connected = |context: &mut Context<'_>| {
            descriptor
                .poll_errno(context, Interest::Write, CONNECT, |kernel, socket| kernel.tcp_connected(socket))
        };
        std::future::poll_fn(connected).await?;
        Ok(TcpStream { descriptor })
    }

    pub(super) fn from_descriptor(descriptor: Descriptor) -> Self {
        TcpStream { descriptor }
    }

    /// The address of this end.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.descriptor.with(|kernel, socket| kernel.local_address(socket)))
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// `NotConnected` if the connection has ended.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.descriptor.try_now(|kernel, socket| kernel.peer_address(socket))
    }

    /// Reads if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; once, why the connection has ended.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Read, |kernel, socket| kernel.tcp_read(socket, buf))
    }

    /// [`TcpStream::try_read`] into several buffers, one after the other.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Read, |kernel, socket| kernel.tcp_read_vectored(socket, bufs))
    }

    /// [`TcpStream::try_read`] into what a buffer has free.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    #[cfg(feature = "tokio")]
    pub fn try_read_buf<B: ::bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut read = vec![0; buf.remaining_mut().min(READ_BUF_BYTES_MAX)];
        let bytes = self.try_read(&mut read)?;
        buf.put_slice(&read[..bytes]);
        Ok(bytes)
    }

    /// Writes if that does not block, as much as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; once, why the connection has ended; then `BrokenPipe`.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.tcp_write(socket, buf))
    }

    /// [`TcpStream::try_write`] of several buffers, one after the other.
    ///
    /// # Errors
    /// As [`TcpStream::try_write`].
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.descriptor.try_call(Interest::Write, |kernel, socket| kernel.tcp_write_vectored(socket, bufs))
    }

    /// Reads without taking, so that the next read gives the same bytes.
    ///
    /// # Errors
    /// As a read.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.descriptor.wait(Interest::Read, READ, |kernel, socket| kernel.tcp_peek(socket, buf)).await
    }

    /// [`TcpStream::peek`] for a hand-made future.
    ///
    /// # Errors
    /// As a read.
    #[cfg(feature = "tokio")]
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let unfilled = buf.initialize_unfilled();
        let peek = |kernel: &mut Kernel<'_>, socket| kernel.tcp_peek(socket, unfilled);
        let peeked = self.descriptor.poll(cx, Interest::Read, READ, peek);
        peeked.map_ok(|bytes| {
            buf.advance(bytes);
            bytes
        })
    }

    /// Why the connection has ended, if nobody was told yet (`SO_ERROR`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let errno = self.descriptor.with(|kernel, socket| kernel.connection(socket).take_error());
        Ok(errno.map(io::Error::from))
    }

    #[inline]
    pub(super) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = |kernel: &mut Kernel<'_>, socket| kernel.tcp_poll_read(socket, context.waker(), buffer);
        self.descriptor.poll_call(context, Interest::Read, READ, read).map_err(io::Error::from)
    }

    #[inline]
    pub(super) fn poll_write(&self, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let write = |kernel: &mut Kernel<'_>, socket| kernel.tcp_poll_write(socket, context.waker(), data);
        self.descriptor.poll_call(context, Interest::Write, WRITE, write).map_err(io::Error::from)
    }

    pub(super) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |kernel: &mut Kernel<'_>, socket| kernel.tcp_write_vectored(socket, data);
        self.descriptor.poll(context, Interest::Write, WRITE, write)
    }

    /// Closes the writing half; that it was closed already, or that the connection has ended, is no error.
    pub(super) fn finish(&self) {
        // As tokio: a connection that has ended needs no closing.
        let _ended_before = self.descriptor.with(|kernel, socket| kernel.tcp_finish(socket));
    }

    /// Closes the writing half if that is possible: in a drop.
    pub(super) fn finish_if_in_run(&self) {
        if self.descriptor.is_in_its_run() {
            self.finish();
        }
    }
}

ready!(TcpStream, [READ, WRITE], poll_read_ready, poll_write_ready);

impl fmt::Debug for TcpStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TcpStream").finish_non_exhaustive()
    }
}
