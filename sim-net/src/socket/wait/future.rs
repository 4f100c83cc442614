//! A future that waits for a socket.

use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll, Waker};

use sim_executor::{Label, context};

use super::{Labels, directions};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::network::Descriptor;
use crate::socket::readiness::{self, Ready};
use crate::waiters::{Interest, WaitId};

/// A future that waits for a socket. Dropping it takes it out of the list of those who do.
pub(in crate::socket) struct Wait<'a> {
    descriptor: &'a Descriptor,
    pub(in crate::socket) id: WaitId,
    is_listed: bool,
}

impl<'a> Wait<'a> {
    #[inline]
    pub(in crate::socket) fn new(descriptor: &'a Descriptor) -> Self {
        Wait { descriptor, id: descriptor.new_wait(), is_listed: false }
    }

    /// Makes a call that enlists the future if it would block.
    #[inline]
    pub(in crate::socket) fn poll<R>(
        &mut self,
        context: &Context<'_>,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<io::Result<R>> {
        let listed = self.is_listed.then_some(self.id);
        self.poll_listing(context, interest, label, |kernel, socket| {
            call_and_delist(kernel, socket, interest, listed, call)
        })
    }

    /// Makes a call that enlists the future if it would block, and takes it out of the list of that direction if not.
    #[inline(always)]
    pub(in crate::socket) fn poll_listing<R>(
        &mut self,
        context: &Context<'_>,
        interest: Interest,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<io::Result<R>> {
        if !context::may_go_on(context) || self.descriptor.stops(context, interest, label) {
            // As listed as before.
            return Poll::Pending;
        }
        let result = self.descriptor.with_uncounted(call);
        self.settle(interest, label, result)
    }

    /// The same, with the address that the call is about.
    #[inline]
    pub(in crate::socket) fn poll_at<R>(
        &mut self,
        context: &Context<'_>,
        ip: IpAddr,
        label: Label,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
    ) -> Poll<io::Result<R>> {
        if !context::may_go_on(context) || self.descriptor.stops(context, Interest::Write, label) {
            return Poll::Pending;
        }
        let listed = self.is_listed.then_some(self.id);
        let result = self.descriptor.with_address(ip, |kernel, socket| {
            call_and_delist(kernel, socket, Interest::Write, listed, call)
        });
        self.settle(Interest::Write, label, result)
    }

    #[inline(always)]
    fn settle<R>(
        &mut self,
        interest: Interest,
        label: Label,
        result: Result<R, Errno>,
    ) -> Poll<io::Result<R>> {
        let polled = self.descriptor.settle(interest, label, result);
        self.is_listed = polled.is_pending();
        polled.map_err(io::Error::from)
    }

    /// Waits until the socket counts as ready, or in any case until something comes. As with tokio, who was woken is told so,
    /// be it that another has taken what has come.
    pub(in crate::socket) fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        interest: readiness::Interest,
        [reading, writing]: Labels,
        for_change: bool,
    ) -> Poll<io::Result<Ready>> {
        let (id, was_listed) = (self.id, self.is_listed);
        let first = directions(interest).next().unwrap_or(Interest::Read);
        let label = if first == Interest::Write { writing } else { reading };
        self.poll(context, first, label, |kernel, socket| {
            let ready = Ready::of(kernel.status(socket)) & Ready::from_interest(interest);
            let still_waits = directions(interest).all(|it| kernel.is_listed(socket, it, id));
            let is_over = match was_listed {
                true => !still_waits && (interest.is_of_direction() || !ready.is_empty()),
                false => !for_change && !ready.is_empty(),
            };
            if is_over {
                kernel.delist(socket, id);
                return Ok(ready);
            }
            list(kernel, socket, interest, id, context.waker());
            Err(Errno::WouldBlock)
        })
    }
}

impl Wait<'_> {
    #[cold]
    #[inline(never)]
    fn leave_list(&self) {
        if self.descriptor.is_in_its_run() {
            self.descriptor.with_uncounted(|kernel, socket| kernel.delist(socket, self.id));
        }
    }
}

impl Drop for Wait<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_listed {
            self.leave_list();
        }
    }
}

/// Makes a call, and takes a future that is listed out of the list of that direction if it does not wait.
#[inline(always)]
fn call_and_delist<R>(
    kernel: &mut Kernel<'_>,
    socket: SocketId,
    interest: Interest,
    listed: Option<WaitId>,
    call: impl FnOnce(&mut Kernel<'_>, SocketId) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let result = call(kernel, socket);
    if let Some(id) = listed
        && !matches!(result, Err(Errno::WouldBlock))
    {
        kernel.delist_from(socket, interest, id);
    }
    result
}

fn list(kernel: &mut Kernel<'_>, socket: SocketId, interest: readiness::Interest, id: WaitId, waker: &Waker) {
    directions(interest).for_each(|it| kernel.enlist(socket, it, id, waker));
}
