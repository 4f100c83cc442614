//! The two halves of a Unix stream.

use std::fmt;
use std::io::{self, IoSlice};
use std::rc::Rc;

use super::SocketAddr;
use super::stream::UnixStream;

/// The reading half of a stream that is borrowed: see [`UnixStream::split`].
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a UnixStream);

/// The writing half of a stream that is borrowed: see [`UnixStream::split`].
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a UnixStream);

/// The reading half of a stream: see [`UnixStream::into_split`].
#[derive(Debug)]
pub struct OwnedReadHalf {
    pub(super) stream: Rc<UnixStream>,
}

/// The writing half of a stream: see [`UnixStream::into_split`]. Dropping it closes the writing half, so that the peer
/// reads to its end.
#[derive(Debug)]
pub struct OwnedWriteHalf {
    pub(super) stream: Rc<UnixStream>,
    finishes_on_drop: bool,
}

/// Two halves that are of different streams.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("tried to reunite halves that are not from the same socket")
    }
}

impl std::error::Error for ReuniteError {}

pub(super) fn split(stream: &mut UnixStream) -> (ReadHalf<'_>, WriteHalf<'_>) {
    (ReadHalf(stream), WriteHalf(stream))
}

pub(super) fn into_split(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Rc::new(stream);
    let read = OwnedReadHalf { stream: Rc::clone(&stream) };
    (read, OwnedWriteHalf { stream, finishes_on_drop: true })
}

impl OwnedReadHalf {
    /// Puts the halves together again.
    ///
    /// # Errors
    /// If they are of different streams; both are in the error.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        if !Rc::ptr_eq(&self.stream, &other.stream) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        Ok(Rc::into_inner(self.stream).expect("a stream has two halves"))
    }
}

impl OwnedWriteHalf {
    /// Puts the halves together again.
    ///
    /// # Errors
    /// If they are of different streams; both are in the error.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops the half without closing it.
    pub fn forget(mut self) {
        self.finishes_on_drop = false;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.finishes_on_drop {
            self.stream.finish_if_in_run();
        }
    }
}

impl AsRef<UnixStream> for OwnedReadHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.stream
    }
}

impl AsRef<UnixStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.stream
    }
}

impl AsRef<UnixStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

impl AsRef<UnixStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

/// What both kinds of a half have of their stream.
macro_rules! addresses {
    ($($half:ty),*) => {$(
        impl $half {
            /// The address of this end.
            ///
            /// # Errors
            /// As [`UnixStream::local_addr`].
            pub fn local_addr(&self) -> io::Result<SocketAddr> {
                self.as_ref().local_addr()
            }

            /// The address of the other end.
            ///
            /// # Errors
            /// As [`UnixStream::peer_addr`].
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                self.as_ref().peer_addr()
            }
        }
    )*};
}

macro_rules! reads {
    ($($half:ty),*) => {$(
        impl $half {
            /// As [`UnixStream::readable`].
            ///
            /// # Errors
            /// As [`UnixStream::readable`].
            pub async fn readable(&self) -> io::Result<()> {
                self.as_ref().readable().await
            }

            /// As [`UnixStream::try_read`].
            ///
            /// # Errors
            /// As [`UnixStream::try_read`].
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.as_ref().try_read(buf)
            }
        }
    )*};
}

macro_rules! writes {
    ($($half:ty),*) => {$(
        impl $half {
            /// As [`UnixStream::writable`].
            ///
            /// # Errors
            /// As [`UnixStream::writable`].
            pub async fn writable(&self) -> io::Result<()> {
                self.as_ref().writable().await
            }

            /// As [`UnixStream::try_write`].
            ///
            /// # Errors
            /// As [`UnixStream::try_write`].
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                self.as_ref().try_write(buf)
            }

            /// As [`UnixStream::try_write_vectored`].
            ///
            /// # Errors
            /// As [`UnixStream::try_write_vectored`].
            pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
                self.as_ref().try_write_vectored(buf)
            }
        }
    )*};
}

addresses!(ReadHalf<'_>, WriteHalf<'_>, OwnedReadHalf, OwnedWriteHalf);
reads!(ReadHalf<'_>, OwnedReadHalf);
writes!(WriteHalf<'_>, OwnedWriteHalf);
