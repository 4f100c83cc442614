//! The two halves of a TCP connection.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;

use super::halves::halves;
use super::stream::TcpStream;

halves!(TcpStream, SocketAddr);

/// What a reader of TCP can do besides.
macro_rules! reads {
    ($($half:ty),*) => {$(
        impl $half {
            /// As [`TcpStream::try_read_vectored`].
            ///
            /// # Errors
            /// As [`TcpStream::try_read`].
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.as_ref().try_read_vectored(bufs)
            }

            /// As [`TcpStream::try_read_buf`].
            ///
            /// # Errors
            /// As [`TcpStream::try_read`].
            #[cfg(feature = "tokio")]
            pub fn try_read_buf<B: ::bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                self.as_ref().try_read_buf(buf)
            }

            /// As [`TcpStream::poll_peek`].
            ///
            /// # Errors
            /// As [`TcpStream::peek`].
            #[cfg(feature = "tokio")]
            pub fn poll_peek(
                &mut self,
                cx: &mut std::task::Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<io::Result<usize>> {
                self.as_ref().poll_peek(cx, buf)
            }

            /// As [`TcpStream::peek`].
            ///
            /// # Errors
            /// As [`TcpStream::peek`].
            pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.as_ref().peek(buf).await
            }
        }
    )*};
}

reads!(ReadHalf<'_>, OwnedReadHalf);
