//! A socket of a host as the async types hold it.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Access, Device as _, Label, Resource, context, time};

use super::Network;
use crate::address::{HostId, SocketId};
use crate::host::Kernel;
use crate::waiters::{Interest, WaitId};

/// A socket and how to reach it: what all the async types hold. Dropping it closes the socket.
pub(crate) struct Descriptor {
    pub(super) network: Rc<Network>,
    pub(super) host: HostId,
    pub(super) socket: SocketId,
}

/// Bits of a resource number: the interest, the descriptor's index, its generation, the host.
const INDEX_BITS: u32 = 20;
const GENERATION_BITS: u32 = 19;
const HOST_BITS: u32 = 24;
const _: () = assert!(1 + INDEX_BITS + GENERATION_BITS + HOST_BITS == u64::BITS);

impl Descriptor {
    /// Makes one of a socket of the same host.
    pub(crate) fn sibling(&self, socket: SocketId) -> Descriptor {
        Descriptor { network: Rc::clone(&self.network), host: self.host, socket }
    }

    /// Calls the kernel with what never waits; a task that does so for ever is stopped.
    ///
    /// # Panics
    /// Outside the run to which the socket belongs.
    #[inline]
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> R {
        context::count_call();
        self.with_uncounted(call)
    }

    /// Calls the kernel for a future that has counted its operation, or at the end of the socket.
    ///
    /// # Panics
    /// Outside the run to which the socket belongs.
    #[inline]
    pub(crate) fn with_uncounted<R>(&self, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> R {
        self.network.run.check("socket");
        self.network.with(|state| call(&mut state.kernel(self.host), self.socket))
    }

    /// The next call is about this address, which may lead to a host that the network does not know yet.
    #[inline]
    pub(crate) fn cover(&self, ip: IpAddr) {
        self.network.with(|state| state.cover_address(ip));
    }

    /// Calls the kernel about an address, which may lead to a host that the network does not know yet.
    ///
    /// # Panics
    /// Outside the run to which the socket belongs.
    #[inline]
    pub(crate) fn with_address<R>(&self, ip: IpAddr, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> R {
        self.network.run.check("socket");
        self.network.with(|state| {
            state.cover_address(ip);
            call(&mut state.kernel(self.host), self.socket)
        })
    }

    /// A name for a future that waits.
    #[inline]
    pub(crate) fn new_wait(&self) -> WaitId {
        self.network.new_wait()
    }

    /// Takes the CPU time of an operation.
    #[inline]
    pub(crate) fn charge(&self) {
        if let Some(op_cost) = self.network.op_cost {
            charge(op_cost);
        }
    }

    /// The number by which the executor asks what a task waits for. It is never zero.
    #[inline]
    pub(crate) fn resource(&self, interest: Interest) -> u64 {
        number(self.host, self.socket, interest)
    }

    /// Says that the current task uses this direction of the socket.
    #[inline]
    pub(crate) fn touch(&self, interest: Interest, access: Access) {
        let name = || {
            let text = self.network.describe(self.resource(interest));
            if text.is_empty() { "a socket".to_string() } else { format!("a socket ({text})") }
        };
        context::access_named(used(self.host, self.socket, interest), access, name);
    }

    /// Says that the current task will use this direction of the socket first when it is polled again.
    pub(crate) fn intend(&self, interest: Interest) {
        context::intend(used(self.host, self.socket, interest), Access::Write);
    }

    pub(super) fn from_resource(resource: u64) -> (HostId, SocketId, Interest) {
        let interest = if resource & 1 == 1 { Interest::Write } else { Interest::Read };
        let index = (resource >> 1) & ((1 << INDEX_BITS) - 1);
        let generation = (resource >> (1 + INDEX_BITS)) & ((1 << GENERATION_BITS) - 1);
        let host = (resource >> (1 + INDEX_BITS + GENERATION_BITS)).saturating_sub(1);
        (HostId(host as u32), SocketId { index: index as u32, generation: generation as u32 }, interest)
    }
}

#[cold]
fn charge(op_cost: Duration) {
    if context::current_task().is_some() {
        time::block_now(op_cost);
    }
}

#[inline]
fn number(host: HostId, socket: SocketId, interest: Interest) -> u64 {
    let index = u64::from(socket.index) & ((1 << INDEX_BITS) - 1);
    let generation = u64::from(socket.generation) & ((1 << GENERATION_BITS) - 1);
    let mut resource = u64::from(host.0) + 1;
    resource = (resource << GENERATION_BITS) | generation;
    resource = (resource << INDEX_BITS) | index;
    (resource << 1) | u64::from(interest == Interest::Write)
}

/// What a task uses that reads from a socket, or writes to it.
#[inline]
pub(super) fn used(host: HostId, socket: SocketId, interest: Interest) -> Resource {
    const SOCKET: Label = Label::new("net.socket");
    Resource::new(SOCKET, number(host, socket, interest))
}

impl Network {
    /// A name for who waits.
    #[inline]
    pub(crate) fn new_wait(&self) -> WaitId {
        let waits = self.waits.get();
        self.waits.set(waits + 1);
        WaitId(waits)
    }
}

impl Descriptor {
    /// Whether the current run is the one that the socket belongs to.
    pub(crate) fn is_in_its_run(&self) -> bool {
        self.network.is_of_current_run()
    }
}

impl Drop for Descriptor {
    /// Outside of its run, or in another, there is nobody to tell.
    fn drop(&mut self) {
        if self.is_in_its_run() {
            self.with_uncounted(|kernel, socket| kernel.close(socket));
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_executor::{Executor, ProductionOrder};

    use super::*;
    use crate::address::HOSTS_MAX;
    use crate::config::NetworkConfig;

    #[test]
    fn a_resource_number_tells_socket_and_interest() {
        let network =
            Executor::new(ProductionOrder).enter(|| Rc::new(Network::new(NetworkConfig::default(), false)));
        for (host, index, generation) in [(0, 0, 0), (HOSTS_MAX - 1, (1 << INDEX_BITS) - 1, 77)] {
            let socket = SocketId { index, generation };
            let descriptor = Descriptor { network: Rc::clone(&network), host: HostId(host), socket };
            for interest in [Interest::Read, Interest::Write] {
                let resource = descriptor.resource(interest);
                assert_ne!(resource, 0);
                assert_eq!(Descriptor::from_resource(resource), (HostId(host), socket, interest));
            }
        }
    }
}
