//! Receiving datagrams.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::UdpSocket;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::socket::wait::Wait;
use crate::waiters::Interest as Direction;

pub(super) const RECEIVE: Label = Label::new("udp.recv");

impl UdpSocket {
    /// Receives a datagram and the address that it comes from. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` once, if nobody takes the datagrams of a connected socket.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut wait = Wait::new(&self.descriptor);
        poll_fn(|context| {
            let who = (wait.id, context.waker());
            let receive = |kernel: &mut Kernel<'_>, socket| kernel.udp_recv_from_or_wait(socket, who, buf);
            wait.poll_listing(context, Direction::Read, RECEIVE, receive)
        })
        .await
    }

    /// [`UdpSocket::recv_from`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; else as [`UdpSocket::recv_from`].
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.descriptor.try_call(Direction::Read, |kernel, socket| kernel.udp_recv_from(socket, buf))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(buf).await?.0)
    }

    /// [`UdpSocket::recv`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// [`UdpSocket::recv_from`], but leaves the datagram for the next call.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.receive(|kernel, socket| kernel.udp_peek_from(socket, buf)).await
    }

    /// [`UdpSocket::peek_from`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.descriptor.try_call(Direction::Read, |kernel, socket| kernel.udp_peek_from(socket, buf))
    }

    /// [`UdpSocket::recv`], but leaves the datagram for the next call.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.peek_from(buf).await?.0)
    }

    /// [`UdpSocket::peek`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_peek_from(buf)?.0)
    }

    /// Where the next datagram comes from, which is left for the next call.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.receive(|kernel, socket| kernel.udp_peek_sender(socket)).await
    }

    /// [`UdpSocket::peek_sender`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.descriptor.poll(cx, Direction::Read, RECEIVE, |kernel, socket| kernel.udp_peek_sender(socket))
    }

    /// [`UdpSocket::peek_sender`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.descriptor.try_call(Direction::Read, |kernel, socket| kernel.udp_peek_sender(socket))
    }

    /// Waits for a datagram or an error.
    async fn receive<R>(
        &self,
        mut call: impl FnMut(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        let mut wait = Wait::new(&self.descriptor);
        poll_fn(|context| {
            let id = wait.id;
            wait.poll(context, Direction::Read, RECEIVE, |kernel, socket| {
                let result = call(kernel, socket);
                if let Err(Errno::WouldBlock) = result {
                    kernel.blocks(socket, Direction::Read);
                    kernel.enlist_reader(socket, (id, context.waker()));
                }
                result
            })
        })
        .await
    }
}
