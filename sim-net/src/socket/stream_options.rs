//! What a TCP connection is ready for, with its options.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use sim_executor::Label;

use super::readiness::{Interest, Ready};
use super::stream::TcpStream;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::{Kernel, Status};
use crate::tcp::TcpKeepalive;
use crate::waiters;

const READ: Label = Label::new("tcp.read");
const WRITE: Label = Label::new("tcp.write");

fn readiness(kernel: &mut Kernel<'_>, socket: SocketId) -> Ready {
    let Status { is_readable, is_writable, is_read_closed, is_write_closed, has_error } =
        kernel.tcp_status(socket);
    let all = [
        (is_readable, Ready::READABLE),
        (is_writable, Ready::WRITABLE),
        (is_read_closed, Ready::READ_CLOSED),
        (is_write_closed, Ready::WRITE_CLOSED),
        (has_error, Ready::ERROR),
    ];
    all.into_iter().filter(|(is, _)| *is).fold(Ready::EMPTY, |ready, (_, one)| ready | one)
}

impl TcpStream {
    /// Waits until the stream is ready for something that is of interest, and tells for what.
    ///
    /// # Errors
    /// None; the call that follows will tell.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        std::future::poll_fn(|context| self.poll_ready(context, interest, false)).await
    }

    fn poll_ready(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        is_known_to_block: bool,
    ) -> Poll<io::Result<Ready>> {
        let only_writes = interest.is_writable() && !interest.is_readable();
        let (waits_for, label) =
            if only_writes { (waiters::Interest::Write, WRITE) } else { (waiters::Interest::Read, READ) };
        let waker = context.waker().clone();
        self.descriptor.poll(context, waits_for, label, |kernel, socket| {
            let ready = readiness(kernel, socket) & Ready::from_interest(interest);
            if !is_known_to_block && !ready.is_empty() {
                return Ok(ready);
            }
            if interest.is_writable() || interest.is_error() {
                kernel.wait(socket, waiters::Interest::Write, &waker);
            }
            Err(Errno::WouldBlock)
        })
    }

    /// Calls `f` if the stream is ready for what is of interest.
    ///
    /// # Errors
    /// `WouldBlock` if it is not; else what `f` gives.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let ready = self.descriptor.with(readiness) & Ready::from_interest(interest);
        if ready.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { f() }
    }

    /// Calls `f` each time the stream becomes ready for what is of interest, until it does not give `WouldBlock`.
    ///
    /// # Errors
    /// What `f` gives.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let mut is_known_to_block = false;
        std::future::poll_fn(|context| {
            loop {
                match self.poll_ready(context, interest, std::mem::take(&mut is_known_to_block)) {
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
                match f() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => is_known_to_block = true,
                    result => return Poll::Ready(result),
                }
            }
        })
        .await
    }

    /// Whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn nodelay(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).nodelay()))
    }

    /// Sets whether small segments are sent at once, or wait for the acknowledgement of those before.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_nodelay(socket, nodelay));
        Ok(())
    }

    /// Whether what arrives is acknowledged at once, rather than with data (`TCP_QUICKACK`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn quickack(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).is_quick()))
    }

    /// Sets whether what arrives is acknowledged at once. It does not stay so: data that is sent soon after data has arrived
    /// makes acknowledgements wait for data again.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_quick(socket, quickack));
        Ok(())
    }

    /// What was set with [`TcpStream::set_linger`].
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).linger()))
    }

    /// How long closing waits for what was written to arrive (`SO_LINGER`), in whole seconds. With less than one the
    /// connection is reset when it is dropped. Any other time is remembered and changes nothing: what was written is sent
    /// and repeated as without it, and a drop, which blocks its thread on a real machine, takes no time.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_linger(socket, dur));
        Ok(())
    }

    /// Has the connection reset when it is dropped: [`TcpStream::set_linger`] with zero.
    ///
    /// # Errors
    /// As [`TcpStream::set_linger`].
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// The time to live of packets (`IP_TTL`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_ttl(socket)).into())
    }

    /// Sets the time to live. No packet passes a router, so that it is remembered only.
    ///
    /// # Errors
    /// `InvalidInput` if it is not from 1 to 255.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_set_ttl(socket, ttl))?)
    }

    /// Whether the peer is probed when nothing is heard of it (`SO_KEEPALIVE`); `socket2::SockRef::keepalive` of a real
    /// stream.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn keepalive(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).keepalive()))
    }

    /// Sets whether the peer is probed when nothing is heard of it; `socket2::SockRef::set_keepalive` of a real stream.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_keepalive(socket, keepalive));
        Ok(())
    }

    /// When the peer is probed.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn tcp_keepalive(&self) -> io::Result<TcpKeepalive> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).keepalive_times()))
    }

    /// Has the peer probed at these times; `socket2::SockRef::set_tcp_keepalive` of a real stream.
    ///
    /// # Errors
    /// `InvalidInput` if a field is out of its bounds.
    pub fn set_tcp_keepalive(&self, times: &TcpKeepalive) -> io::Result<()> {
        times.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.descriptor.with(|kernel, socket| kernel.tcp_set_keepalive_times(socket, *times));
        self.set_keepalive(true)
    }
}
