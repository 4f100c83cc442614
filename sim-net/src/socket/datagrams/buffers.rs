//! Receiving datagrams into the buffers of `tokio` or `bytes`.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::ReadBuf;

use super::UdpSocket;
use super::receive::RECEIVE;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::waiters::Interest as Direction;

/// More than a datagram has.
const ROOM_BYTES_MAX: usize = 65_536;

type Receive = fn(&mut Kernel<'_>, SocketId, &mut [u8]) -> Result<(usize, SocketAddr), Errno>;

impl UdpSocket {
    /// [`UdpSocket::recv_from`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_into(cx, buf, |kernel, socket, room| kernel.udp_recv_from(socket, room))
    }

    /// [`UdpSocket::recv`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_recv_from(cx, buf).map_ok(drop)
    }

    /// [`UdpSocket::peek_from`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_into(cx, buf, |kernel, socket, room| kernel.udp_peek_from(socket, room))
    }

    /// [`UdpSocket::peek`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_peek_from(cx, buf).map_ok(drop)
    }

    /// [`UdpSocket::recv_from`] into a buffer that grows. What does not fit into the room that it has now is lost.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = room_of(buf);
        let (length, source) = self.recv_from(&mut room).await?;
        buf.put_slice(&room[..length]);
        Ok((length, source))
    }

    /// [`UdpSocket::recv_buf_from`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = room_of(buf);
        let (length, source) = self.try_recv_from(&mut room)?;
        buf.put_slice(&room[..length]);
        Ok((length, source))
    }

    /// [`UdpSocket::recv`] into a buffer that grows. What does not fit into the room that it has now is lost.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.recv_buf_from(buf).await?.0)
    }

    /// [`UdpSocket::recv_buf`] if that does not block.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.try_recv_buf_from(buf)?.0)
    }

    fn poll_into(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        receive: Receive,
    ) -> Poll<io::Result<SocketAddr>> {
        let room = buf.initialize_unfilled();
        let received = self
            .descriptor
            .poll(cx, Direction::Read, RECEIVE, |kernel, socket| receive(kernel, socket, room));
        let (length, source) = ready!(received)?;
        buf.advance(length);
        Poll::Ready(Ok(source))
    }
}

/// As much as a buffer takes without growing, or once grown if it is full.
pub(in crate::socket) fn room_of(buf: &mut impl BufMut) -> Vec<u8> {
    vec![0; buf.chunk_mut().len().min(ROOM_BYTES_MAX)]
}
