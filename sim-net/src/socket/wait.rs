//! How a task waits for a socket.

mod future;

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};

use sim_executor::{Access, Label, context};

use super::readiness::{self, Ready};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::{Kernel, Status};
use crate::network::Descriptor;
use crate::waiters::Interest;

pub(super) use future::Wait;

/// Where tasks wait that read, and those that write.
pub(super) type Labels = [Label; 2];

impl Descriptor {
    /// Makes a call; if it would block, the task is woken when it is worth trying again, in place of the one that has polled
    /// before, and says where it waits.
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
        self.poll_call(context, interest, label, |kernel, socket| {
            let result = kernel.attempt(socket, interest, call);
            if let Err(Errno::WouldBlock) = result {
                kernel.wait(socket, interest, context.waker());
            }
            result
        })
    }

    /// Makes a call that has the task woken itself.
    #[inline(always)]
    pub(super) fn poll_call<R>(
        &self,
        context: &Context<'_>,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        if !context::may_go_on(context) || self.stops(context, interest, label) {
            return Poll::Pending;
        }
        let result = self.with_uncounted(call);
        self.settle(interest, label, result)
    }

    /// As [`Descriptor::poll_call`], with the address that the call is about.
    #[inline]
    pub(super) fn poll_call_at<R>(
        &self,
        context: &Context<'_>,
        ip: IpAddr,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        if !context::may_go_on(context) || self.stops(context, Interest::Write, label) {
            return Poll::Pending;
        }
        self.settle(Interest::Write, label, self.with_address(ip, call))
    }

    /// Makes a call that nearly always is over at once, for a future that has not been polled before. `WouldBlock` says that the future has
    /// to make it again in a poll, since it does block, or since the task may not go on just now.
    #[inline]
    pub(super) fn at_once<R>(
        &self,
        interest: Interest,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        if !context::goes_on_at_once() {
            return Err(Errno::WouldBlock);
        }
        let result = self.with_uncounted(call);
        if !matches!(result, Err(Errno::WouldBlock)) {
            self.touch(interest, Access::Write);
            context::made_progress();
            self.charge();
        }
        result
    }

    /// Whether the task lets others go before an operation that would not have to wait.
    #[inline(always)]
    fn stops(&self, context: &Context<'_>, interest: Interest, label: Label) -> bool {
        context::wants_io_points() && self.stop(context, interest, label)
    }

    #[cold]
    fn stop(&self, context: &Context<'_>, interest: Interest, label: Label) -> bool {
        let stops = self.with_uncounted(|kernel, socket| kernel.is_ready(socket, interest))
            && context::stop_once_at(context, label, self.resource(interest));
        if stops {
            self.intend(interest);
        }
        stops
    }

    #[inline(always)]
    fn settle<R>(
        &self,
        interest: Interest,
        label: Label,
        result: Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        // Also what turns out to have to wait has looked, and then who comes first matters.
        self.touch(interest, Access::Write);
        if let Err(Errno::WouldBlock) = result {
            context::wait_at(label, self.resource(interest));
            return Poll::Pending;
        }
        context::made_progress();
        self.charge();
        Poll::Ready(result)
    }

    /// Waits until the socket counts as ready, for a hand-made future.
    pub(super) fn poll_direction(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        label: Label,
    ) -> Poll<io::Result<()>> {
        let is_ready = |kernel: &mut Kernel<'_>, socket| {
            if kernel.is_ready(socket, interest) {
                return Ok(());
            }
            kernel.wait(socket, interest, context.waker());
            Err(Errno::WouldBlock)
        };
        self.poll_call(context, interest, label, is_ready).map_err(io::Error::from)
    }

    /// Makes a call again and again until it would not block.
    pub(super) async fn wait<R>(
        &self,
        interest: Interest,
        label: Label,
        mut call: impl FnMut(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        let mut wait = Wait::new(self);
        poll_fn(|context| {
            let id = wait.id;
            wait.poll(context, interest, label, |kernel, socket| {
                let result = kernel.attempt(socket, interest, &mut call);
                if let Err(Errno::WouldBlock) = result {
                    kernel.enlist(socket, interest, id, context.waker());
                }
                result
            })
        })
        .await
    }

    /// Waits until the socket counts as ready for something that is of interest, and tells for what.
    pub(super) async fn ready(&self, interest: readiness::Interest, labels: Labels) -> io::Result<Ready> {
        let mut wait = Wait::new(self);
        poll_fn(|context| wait.poll_ready(context, interest, labels, false)).await
    }

    /// Calls `f` if the socket counts as ready. It does so no more if `f` would block.
    pub(super) fn try_io<R>(
        &self,
        interest: readiness::Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let ready = self.with(|kernel, socket| kernel.status(socket));
        if (Ready::of(ready) & Ready::from_interest(interest)).is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = f();
        if is_would_block(&result) {
            self.blocks(interest);
        }
        result
    }

    /// Calls `f` each time the socket becomes ready, until it would not block.
    pub(super) async fn async_io<R>(
        &self,
        interest: readiness::Interest,
        labels: Labels,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let mut for_change = false;
        loop {
            let mut wait = Wait::new(self);
            poll_fn(|context| wait.poll_ready(context, interest, labels, for_change)).await?;
            let result = f();
            if !is_would_block(&result) {
                return result;
            }
            self.blocks(interest);
            for_change = true;
        }
    }

    fn blocks(&self, interest: readiness::Interest) {
        self.with_uncounted(|kernel, socket| directions(interest).for_each(|it| kernel.blocks(socket, it)));
    }

    /// Is pending once, as a new socket of tokio is until its driver has had its turn.
    pub(super) async fn turn(&self) {
        let mut is_first = true;
        poll_fn(|context| {
            if !std::mem::take(&mut is_first) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Is pending as long as the task has done too much in its poll.
    pub(super) async fn go_on(&self) {
        poll_fn(|context| if context::may_go_on(context) { Poll::Ready(()) } else { Poll::Pending }).await;
        context::made_progress();
    }

    /// Makes a call that does not wait, if the socket counts as ready for it.
    pub(super) fn try_call<R>(
        &self,
        interest: Interest,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> io::Result<R> {
        self.touch(interest, Access::Write);
        self.try_now(|kernel, socket| kernel.attempt(socket, interest, call))
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

/// The directions in which something of interest may come. Urgent data never comes.
fn directions(interest: readiness::Interest) -> impl Iterator<Item = Interest> {
    let reads = interest.is_readable() || interest.is_priority();
    let all = [
        (reads, Interest::Read),
        (interest.is_writable(), Interest::Write),
        (interest.is_error(), Interest::Error),
    ];
    all.into_iter().filter_map(|(is, it)| is.then_some(it))
}

fn is_would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl Ready {
    /// What a kernel says.
    fn of(status: Status) -> Ready {
        let all = [
            (status.is_readable, Ready::READABLE),
            (status.is_writable, Ready::WRITABLE),
            (status.is_read_closed, Ready::READ_CLOSED),
            (status.is_write_closed, Ready::WRITE_CLOSED),
            (status.has_error, Ready::ERROR),
        ];
        all.into_iter().filter(|(is, _)| *is).fold(Ready::EMPTY, |ready, (_, one)| ready | one)
    }
}
