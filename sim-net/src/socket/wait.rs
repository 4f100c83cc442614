//! How a task waits for a socket.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use sim_executor::{Label, context};

use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::network::Descriptor;
use crate::waiters::Interest;

impl Descriptor {
    /// Makes a call; if it would block, the task is woken when it is worth trying again, and says where it waits.
    #[inline]
    pub(super) fn poll<R>(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<io::Result<R>> {
        self.poll_errno(context, interest, label, call).map_err(io::Error::from)
    }

    /// [`Descriptor::poll`] with the kernel's own error.
    #[inline]
    pub(super) fn poll_errno<R>(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        self.poll_call(interest, label, |kernel, socket| {
            let result = call(kernel, socket);
            if let Err(Errno::WouldBlock) = result {
                kernel.wait(socket, interest, context.waker());
            }
            result
        })
    }

    /// Makes a call that has the task woken itself.
    #[inline]
    pub(super) fn poll_call<R>(
        &self,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        if !self.may_go_on() {
            return Poll::Pending;
        }
        let result = self.with(call);
        if let Err(Errno::WouldBlock) = result {
            context::wait_at(label, self.resource(interest));
            return Poll::Pending;
        }
        self.charge();
        Poll::Ready(result)
    }

    /// Makes a call again and again until it would not block.
    pub(super) async fn wait<R>(
        &self,
        interest: Interest,
        label: Label,
        mut call: impl FnMut(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        poll_fn(|context| self.poll(context, interest, label, &mut call)).await
    }

    /// Is pending if the task has done too much in this poll, at whose end the run ends then.
    pub(super) async fn go_on(&self) {
        poll_fn(|_| if self.may_go_on() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Makes a call that does not wait.
    pub(super) fn try_now<R>(
        &self,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        let result = self.with(call);
        if !matches!(result, Err(Errno::WouldBlock)) {
            self.charge();
        }
        Ok(result?)
    }
}

/// What a wait for readiness asks.
pub(super) fn ready_if(is_ready: bool) -> Result<(), Errno> {
    if is_ready { Ok(()) } else { Err(Errno::WouldBlock) }
}
