//! Receiving datagrams of Unix sockets into the buffers of `tokio` or `bytes`.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::ReadBuf;

use super::SocketAddr;
use super::datagrams::{RECEIVE, UnixDatagram, receive_or_end};
use crate::host::Kernel;
use crate::socket::datagrams::room_of;
use crate::waiters::Interest;

impl UnixDatagram {
    /// [`UnixDatagram::recv_from`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UnixDatagram::recv_from`].
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let room = buf.initialize_unfilled();
        let receive = |kernel: &mut Kernel<'_>, socket| receive_or_end(kernel, socket, room);
        let (length, name) = ready!(self.descriptor.poll(cx, Interest::Read, RECEIVE, receive))?;
        buf.advance(length);
        Poll::Ready(Ok(name.into()))
    }

    /// [`UnixDatagram::recv`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UnixDatagram::recv`].
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_recv_from(cx, buf).map_ok(drop)
    }

    /// [`UnixDatagram::recv_from`] into a buffer that grows. What does not fit into the room that it has now is lost.
    ///
    /// # Errors
    /// As [`UnixDatagram::recv_from`].
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = room_of(buf);
        let (length, source) = self.recv_from(&mut room).await?;
        buf.put_slice(&room[..length]);
        Ok((length, source))
    }

    /// [`UnixDatagram::recv_buf_from`] if that does not block.
    ///
    /// # Errors
    /// As [`UnixDatagram::try_recv_from`].
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = room_of(buf);
        let (length, source) = self.try_recv_from(&mut room)?;
        buf.put_slice(&room[..length]);
        Ok((length, source))
    }

    /// [`UnixDatagram::recv`] into a buffer that grows. What does not fit into the room that it has now is lost.
    ///
    /// # Errors
    /// As [`UnixDatagram::recv`].
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.recv_buf_from(buf).await?.0)
    }

    /// [`UnixDatagram::recv_buf`] if that does not block.
    ///
    /// # Errors
    /// As [`UnixDatagram::try_recv`].
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.try_recv_buf_from(buf)?.0)
    }
}
