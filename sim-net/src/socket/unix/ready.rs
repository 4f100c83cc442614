//! What a Unix socket is ready for.

use std::io;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::datagrams::UnixDatagram;
use super::stream::UnixStream;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::network::Descriptor;
use crate::socket::readiness::{Interest, Ready};
use crate::waiters;

fn readiness(kernel: &mut Kernel<'_>, socket: SocketId) -> Ready {
    let (is_read_closed, is_write_closed, has_error) = kernel.unix_ends(socket);
    let all = [
        (kernel.unix_is_ready(socket, waiters::Interest::Read), Ready::READABLE),
        (kernel.unix_is_ready(socket, waiters::Interest::Write), Ready::WRITABLE),
        (is_read_closed, Ready::READ_CLOSED),
        (is_write_closed, Ready::WRITE_CLOSED),
        (has_error, Ready::ERROR),
    ];
    all.into_iter().filter(|(is, _)| *is).fold(Ready::EMPTY, |ready, (_, one)| ready | one)
}

impl Descriptor {
    fn poll_unix_ready(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        [reading, writing]: [Label; 2],
    ) -> Poll<io::Result<Ready>> {
        let only_writes = interest.is_writable() && !interest.is_readable();
        let (waits_for, label) = if only_writes {
            (waiters::Interest::Write, writing)
        } else {
            (waiters::Interest::Read, reading)
        };
        let waker = context.waker().clone();
        self.poll(context, waits_for, label, |kernel, socket| {
            let ready = readiness(kernel, socket) & Ready::from_interest(interest);
            if !ready.is_empty() {
                return Ok(ready);
            }
            if interest.is_writable() || interest.is_error() {
                kernel.wait(socket, waiters::Interest::Write, &waker);
            }
            Err(Errno::WouldBlock)
        })
    }

    fn try_unix_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let ready = self.with(readiness) & Ready::from_interest(interest);
        if ready.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { f() }
    }
}

macro_rules! ready {
    ($socket:ty, $labels:expr) => {
        impl $socket {
            /// Waits until the socket is ready for something that is of interest, and tells for what.
            ///
            /// # Errors
            /// None; the call that follows will tell.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let ready =
                    |context: &mut Context<'_>| self.descriptor.poll_unix_ready(context, interest, $labels);
                std::future::poll_fn(ready).await
            }

            /// Calls `f` if the socket is ready for what is of interest.
            ///
            /// # Errors
            /// `WouldBlock` if it is not; else what `f` gives.
            pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
                self.descriptor.try_unix_io(interest, f)
            }
        }
    };
}

ready!(UnixStream, [super::stream::READ, super::stream::WRITE]);
ready!(UnixDatagram, [super::datagrams::RECEIVE, super::datagrams::SEND]);
