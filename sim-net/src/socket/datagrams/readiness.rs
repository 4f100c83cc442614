//! Waiting until a datagram socket is ready.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use super::UdpSocket;
use super::receive::RECEIVE;
use super::send::SEND;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::socket::wait::ready_if;
use crate::socket::{Interest, Ready};
use crate::waiters::Interest as Direction;

impl UdpSocket {
    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// None; the receiving call will tell.
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| self.poll_recv_ready(context)).await
    }

    /// [`UdpSocket::readable`] for a hand-made future.
    ///
    /// # Errors
    /// None; the receiving call will tell.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_ready = |kernel: &mut Kernel<'_>, socket| ready_if(kernel.udp_readable(socket));
        self.descriptor.poll(cx, Direction::Read, RECEIVE, is_ready)
    }

    /// Waits until a datagram can be sent: until the send buffer is at most half full.
    ///
    /// # Errors
    /// None; the sending call will tell.
    pub async fn writable(&self) -> io::Result<()> {
        poll_fn(|context| self.poll_send_ready(context)).await
    }

    /// [`UdpSocket::writable`] for a hand-made future.
    ///
    /// # Errors
    /// None; the sending call will tell.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.descriptor.poll(cx, Direction::Write, SEND, |kernel, socket| {
            let is_ready = kernel.udp_writable(socket);
            if !is_ready {
                kernel.udp_await_room(socket);
            }
            ready_if(is_ready)
        })
    }

    /// Waits until the socket is ready for something that is of interest, and tells for what.
    ///
    /// # Errors
    /// None; the next call will tell.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        poll_fn(|context| self.poll_ready(context, interest, false)).await
    }

    /// Calls `f` if the socket is ready for something that is of interest.
    ///
    /// # Errors
    /// `WouldBlock` if it is not; else as `f`.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let ready = self.descriptor.with(readiness);
        if (ready & Ready::from_interest(interest)).is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        f()
    }

    /// Calls `f` when the socket is ready for something that is of interest, and again when something has changed, until it
    /// gives another error than `WouldBlock`, or none.
    ///
    /// # Errors
    /// As `f`.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        poll_fn(|context| {
            if self.poll_ready(context, interest, false).is_pending() {
                return Poll::Pending;
            }
            match f() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.poll_ready(context, interest, true).map_ok(|_| unreachable!("it waits for a change"))
                }
                result => Poll::Ready(result),
            }
        })
        .await
    }

    /// Waits until the socket is ready, or in any case until something changes.
    fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        for_change: bool,
    ) -> Poll<io::Result<Ready>> {
        let (direction, label) = match interest.is_readable() || !interest.is_writable() {
            true => (Direction::Read, RECEIVE),
            false => (Direction::Write, SEND),
        };
        let writer = interest.is_writable().then(|| cx.waker().clone());
        self.descriptor.poll(cx, direction, label, |kernel, socket| {
            let ready = readiness(kernel, socket) & Ready::from_interest(interest);
            if !ready.is_empty() && !for_change {
                return Ok(ready);
            }
            if let Some(writer) = &writer {
                kernel.udp_await_room(socket);
                kernel.wait(socket, Direction::Write, writer);
            }
            Err(Errno::WouldBlock)
        })
    }
}

/// What the socket is ready for.
fn readiness(kernel: &mut Kernel<'_>, socket: SocketId) -> Ready {
    let mut ready = Ready::EMPTY;
    if kernel.udp_writable(socket) {
        ready |= Ready::WRITABLE;
    }
    if kernel.udp_readable(socket) {
        ready |= Ready::READABLE;
    }
    if kernel.udp_has_error(socket) {
        ready |= Ready::ERROR;
    }
    ready
}
