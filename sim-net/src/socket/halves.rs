//! What the two halves of a stream are, whatever it is a stream of.

/// Defines in the module of a stream type its four halves, which have tokio's names, and what is alike in all: how they come apart
/// and together, addresses, readiness, calls that do not wait.
macro_rules! halves {
    ($stream:ident, $address:ty) => {
        #[doc = concat!("The reading half of a stream that is borrowed: see [`", stringify!($stream), "::split`].")]
        #[derive(Debug)]
        pub struct ReadHalf<'a>(pub(super) &'a $stream);

        #[doc = concat!("The writing half of a stream that is borrowed: see [`", stringify!($stream), "::split`].")]
        #[derive(Debug)]
        pub struct WriteHalf<'a>(pub(super) &'a $stream);

        #[doc = concat!("The reading half of a stream: see [`", stringify!($stream), "::into_split`].")]
        #[derive(Debug)]
        pub struct OwnedReadHalf {
            pub(super) stream: std::rc::Rc<$stream>,
        }

        #[doc = concat!("The writing half of a stream: see [`", stringify!($stream), "::into_split`].")]
        /// Dropping it closes the writing half, so that the peer reads to its end.
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            pub(super) stream: std::rc::Rc<$stream>,
            finishes_on_drop: bool,
        }

        /// Two halves that are of different streams.
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl std::fmt::Display for ReuniteError {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("tried to reunite halves that are not from the same socket")
            }
        }

        impl std::error::Error for ReuniteError {}

        impl $stream {
            /// Two halves that borrow the stream, to be used by one task.
            pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
                (ReadHalf(self), WriteHalf(self))
            }

            /// Two halves that own the stream together, to be used by two tasks. Dropping the writing half closes it for the
            /// peer.
            #[must_use]
            pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
                let stream = std::rc::Rc::new(self);
                let read = OwnedReadHalf { stream: std::rc::Rc::clone(&stream) };
                (read, OwnedWriteHalf { stream, finishes_on_drop: true })
            }
        }

        impl OwnedReadHalf {
            /// Puts the halves together again.
            ///
            /// # Errors
            /// If they are of different streams; both are in the error.
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
                if !std::rc::Rc::ptr_eq(&self.stream, &other.stream) {
                    return Err(ReuniteError(self, other));
                }
                other.forget();
                Ok(std::rc::Rc::into_inner(self.stream).expect("a stream has two halves"))
            }
        }

        impl OwnedWriteHalf {
            /// Puts the halves together again.
            ///
            /// # Errors
            /// If they are of different streams; both are in the error.
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$stream, ReuniteError> {
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

        impl AsRef<$stream> for OwnedReadHalf {
            fn as_ref(&self) -> &$stream {
                &self.stream
            }
        }

        impl AsRef<$stream> for OwnedWriteHalf {
            fn as_ref(&self) -> &$stream {
                &self.stream
            }
        }

        impl AsRef<$stream> for ReadHalf<'_> {
            fn as_ref(&self) -> &$stream {
                self.0
            }
        }

        impl AsRef<$stream> for WriteHalf<'_> {
            fn as_ref(&self) -> &$stream {
                self.0
            }
        }

        crate::socket::halves::calls_of_all!($stream, $address: ReadHalf<'_>, WriteHalf<'_>, OwnedReadHalf, OwnedWriteHalf);
        crate::socket::halves::calls_of_readers!($stream: ReadHalf<'_>, OwnedReadHalf);
        crate::socket::halves::calls_of_writers!($stream: WriteHalf<'_>, OwnedWriteHalf);
    };
}

macro_rules! calls_of_all {
    ($stream:ident, $address:ty: $($half:ty),*) => {$(
        impl $half {
            /// The address of this end.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::local_addr`].")]
            pub fn local_addr(&self) -> std::io::Result<$address> {
                self.as_ref().local_addr()
            }

            /// The address of the other end.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::peer_addr`].")]
            pub fn peer_addr(&self) -> std::io::Result<$address> {
                self.as_ref().peer_addr()
            }

            #[doc = concat!("As [`", stringify!($stream), "::ready`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::ready`].")]
            pub async fn ready(
                &self,
                interest: crate::socket::readiness::Interest,
            ) -> std::io::Result<crate::socket::readiness::Ready> {
                self.as_ref().ready(interest).await
            }
        }
    )*};
}

macro_rules! calls_of_readers {
    ($stream:ident: $($half:ty),*) => {$(
        impl $half {
            #[doc = concat!("As [`", stringify!($stream), "::readable`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::readable`].")]
            pub async fn readable(&self) -> std::io::Result<()> {
                self.as_ref().readable().await
            }

            #[doc = concat!("As [`", stringify!($stream), "::try_read`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::try_read`].")]
            pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.as_ref().try_read(buf)
            }

            #[doc = concat!("As [`", stringify!($stream), "::try_read_vectored`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::try_read`].")]
            pub fn try_read_vectored(&self, bufs: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                self.as_ref().try_read_vectored(bufs)
            }

            #[doc = concat!("As [`", stringify!($stream), "::try_read_buf`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::try_read`].")]
            #[cfg(feature = "tokio")]
            pub fn try_read_buf<B: ::bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
                self.as_ref().try_read_buf(buf)
            }
        }
    )*};
}

macro_rules! calls_of_writers {
    ($stream:ident: $($half:ty),*) => {$(
        impl $half {
            #[doc = concat!("As [`", stringify!($stream), "::writable`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::writable`].")]
            pub async fn writable(&self) -> std::io::Result<()> {
                self.as_ref().writable().await
            }

            #[doc = concat!("As [`", stringify!($stream), "::try_write`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::try_write`].")]
            pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
                self.as_ref().try_write(buf)
            }

            #[doc = concat!("As [`", stringify!($stream), "::try_write_vectored`].")]
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($stream), "::try_write`].")]
            pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                self.as_ref().try_write_vectored(bufs)
            }
        }
    )*};
}

pub(super) use {calls_of_all, calls_of_readers, calls_of_writers, halves};
