//! The two halves of a TCP connection.

use std::io;
use std::net::SocketAddr;

use super::halves::halves;
use super::stream::TcpStream;

halves!(TcpStream, SocketAddr);

/// What a reader of TCP can do besides.
macro_rules! reads {
    ($($half:ty),*) => {$(
        impl $half {
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
