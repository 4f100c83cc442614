//! The calls of a socket for what it is ready for, whatever it sends.

/// Defines for a type of socket, with the labels of its reads and writes, the calls that ask for readiness, as tokio has them.
macro_rules! ready {
    ($socket:ident, $labels:expr, $poll_read:ident, $poll_write:ident) => {
        impl $socket {
            /// Waits until the socket is ready for something that is of interest, and tells for what. As with tokio, it counts
            /// as ready until a call would block, so that the call which follows may do so.
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub async fn ready(
                &self,
                interest: crate::socket::readiness::Interest,
            ) -> std::io::Result<crate::socket::readiness::Ready> {
                self.descriptor.ready(interest, $labels).await
            }

            /// Waits until there is something to read, be it an end or an error; with what was said of
            #[doc = concat!("[`", stringify!($socket), "::ready`].")]
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub async fn readable(&self) -> std::io::Result<()> {
                self.ready(crate::socket::readiness::Interest::READABLE).await.map(drop)
            }

            /// Waits until there is room to write, or an error to be told of; with what was said of
            #[doc = concat!("[`", stringify!($socket), "::ready`].")]
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub async fn writable(&self) -> std::io::Result<()> {
                self.ready(crate::socket::readiness::Interest::WRITABLE).await.map(drop)
            }

            #[doc = concat!("[`", stringify!($socket), "::readable`] for a hand-made future.")]
            /// Of the tasks that poll in this direction, by whatever call, only the last is woken, as with tokio.
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub fn $poll_read(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let [reading, _] = $labels;
                self.descriptor.poll_direction(cx, crate::waiters::Interest::Read, reading)
            }

            #[doc = concat!("[`", stringify!($socket), "::writable`] for a hand-made future.")]
            /// Of the tasks that poll in this direction, by whatever call, only the last is woken, as with tokio.
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub fn $poll_write(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let [_, writing] = $labels;
                self.descriptor.poll_direction(cx, crate::waiters::Interest::Write, writing)
            }

            /// Calls `f` if the socket is ready for what is of interest. It is so no more if `f` gives `WouldBlock`.
            ///
            /// # Errors
            /// `WouldBlock` if it is not; else what `f` gives.
            pub fn try_io<R>(
                &self,
                interest: crate::socket::readiness::Interest,
                f: impl FnOnce() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.descriptor.try_io(interest, f)
            }

            /// Calls `f` each time the socket becomes ready for what is of interest, until it does not give `WouldBlock`.
            ///
            /// # Errors
            /// What `f` gives.
            pub async fn async_io<R>(
                &self,
                interest: crate::socket::readiness::Interest,
                f: impl FnMut() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.descriptor.async_io(interest, $labels, f).await
            }
        }
    };
}

pub(super) use ready;
