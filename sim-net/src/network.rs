//! The network of a run: its hosts, driven as a device.

use std::any::Any;
use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use sim_executor::context::Operations;
use sim_executor::{Crash, Device, Instant, NodeId, context, time};

use crate::address::{HOSTS_MAX, HostId, Place, place};
use crate::config::NetworkConfig;
use crate::dns::Resolver;
use crate::errno::Errno;
use crate::fault::Hooks;
use crate::host::{Host, Interest, Kernel, SocketId, Stream};
use crate::packet::Packet;
use crate::profile::apply_chosen;
use crate::tcp::Ending;
use crate::wire::{Event, Wire};

/// The network of a run. Every node has a place in it from its first use of a socket on.
///
/// A run gets a network with the default configuration at the first use, unless [`install`] was called before.
pub struct Network {
    state: RefCell<State>,
    resolver: RefCell<Resolver>,
    /// What each operation on a socket costs its node's CPU.
    op_cost: Duration,
    operations: Operations,
    pub(crate) hooks: Hooks,
}

struct State {
    hosts: Vec<Host>,
    wire: Wire,
}

/// Gives the current run a network with this configuration, in which a [`profile`](crate::profile::choose) that was chosen for
/// the run replaces its parts.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::{LinkConfig, NetworkConfig};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let link = LinkConfig::fixed(Duration::from_millis(20));
/// executor.enter(|| sim_net::install(NetworkConfig { link, ..NetworkConfig::default() }));
/// ```
///
/// # Panics
/// Outside a run; if the run has a network already; if a field of the configuration is out of its bounds.
pub fn install(config: NetworkConfig) {
    assert!(
        context::device::<Network>().is_none(),
        "the run has a network already: install it before the first use"
    );
    let config = apply_chosen(config);
    context::install_device(Rc::new(Network::new(config, context::tracing_all())));
}

/// A socket and how to reach it: what all the async types hold. Dropping it closes the socket.
pub(crate) struct Descriptor {
    network: Rc<Network>,
    host: HostId,
    socket: SocketId,
}

impl Network {
    fn new(config: NetworkConfig, is_traced: bool) -> Self {
        config.check().unwrap_or_else(|error| panic!("the network cannot be made: {error}"));
        let state = State { hosts: Vec::new(), wire: Wire::new(config, is_traced) };
        let resolver = RefCell::new(Resolver::new(config.dns));
        Network {
            state: RefCell::new(state),
            resolver,
            op_cost: config.op_cost,
            operations: Operations::new(),
            hooks: Hooks::default(),
        }
    }

    /// The network of the current run.
    ///
    /// # Panics
    /// Outside a run.
    pub(crate) fn current() -> Rc<Network> {
        if let Some(network) = context::device::<Network>() {
            return network;
        }
        install(NetworkConfig::default());
        context::device::<Network>().expect("a device that was installed is found")
    }

    /// Calls with the state, then wakes with nothing borrowed.
    #[inline]
    fn with<R>(&self, call: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.borrow_mut();
        let result = call(&mut state);
        if state.wire.wakes.is_empty() && state.wire.garbage.is_empty() {
            return result;
        }
        if state.wire.garbage.is_empty()
            && let Some(waker) = state.wire.wakes.take_only()
        {
            drop(state);
            waker.wake();
            return result;
        }
        let (wakes, garbage) = (state.wire.wakes.take_all(), state.wire.garbage.take_all());
        let has_aside = state.wire.has_aside();
        drop(state);
        drop(garbage);
        if has_aside {
            self.call_hooks();
        }
        wakes.into_iter().for_each(Waker::wake);
        result
    }

    /// Shows the packets to the hooks that were put aside for them, with nothing borrowed, and sends them on.
    ///
    /// # Panics
    /// If a hook does what it may not.
    fn call_hooks(&self) {
        if std::thread::panicking() {
            // A socket is dropped by a panic. If a hook panicked in there, that would be the end of the process.
            return self.state.borrow_mut().wire.leave_aside(context::now());
        }
        // If a hook has brought us here, the packets that it sends are seen to by who has called it.
        let Some(_calling) = self.hooks.begin() else { return };
        let calls_max = self.state.borrow().wire.config.packets_max;
        for _ in 0..=calls_max {
            let mut state = self.state.borrow_mut();
            let Some((now, packet)) = state.wire.take_aside() else { return };
            let data = state.wire.data_of(&packet);
            drop(state);
            let crossing = self.hooks.show(data);
            self.state.borrow_mut().wire.send_crossing(now, packet, &crossing);
        }
        panic!(
            "packet hooks were called more than NetworkConfig::packets_max = {calls_max} times at one instant: one \
             sends a packet for each packet that it sees"
        );
    }

    /// Whether this is the network of the run that goes on.
    pub(crate) fn is_of_current_run(&self) -> bool {
        context::in_run() && context::device::<Network>().is_some_and(|network| std::ptr::eq(&*network, self))
    }

    /// Calls with what is between the hosts.
    pub(crate) fn with_wire<R>(&self, call: impl FnOnce(&mut Wire) -> R) -> R {
        self.with(|state| call(&mut state.wire))
    }

    /// Calls with the resolver.
    pub(crate) fn with_resolver<R>(&self, call: impl FnOnce(&mut Resolver) -> R) -> R {
        call(&mut self.resolver.borrow_mut())
    }

    /// Adds to the trace, if it is on.
    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        self.with_wire(|wire| wire.note(text));
    }

    /// The host of a node.
    pub(crate) fn host_of(&self, node: NodeId) -> HostId {
        let host = HostId(context::host_number(node) as u32);
        self.with(|state| {
            state.cover(host.index() + 1);
            state.wire.names[host.index()].get_or_insert_with(|| context::node_name(node));
        });
        host
    }

    /// The host that has an address, if any does.
    pub(crate) fn host_at(&self, ip: IpAddr) -> Option<HostId> {
        let ip = ip.to_canonical();
        match place(ip) {
            Place::Host(host) => (host.index() < context::host_count()).then_some(host),
            _ => self.with_wire(|wire| wire.interfaces.given(ip).map(|given| wire.interfaces.host(given))),
        }
    }

    /// Calls with all hosts of the run, and what is between them.
    pub(crate) fn with_hosts<R>(&self, call: impl FnOnce(&mut [Host], &mut Wire) -> R) -> R {
        self.with(|state| {
            state.cover(context::host_count());
            call(&mut state.hosts, &mut state.wire)
        })
    }

    /// The names of the hosts, as far as they are known.
    pub(crate) fn host_names(&self) -> Vec<String> {
        self.with(|state| state.wire.names.iter().flatten().map(|name| name.to_string()).collect())
    }

    /// Calls the kernel of the current node's host.
    pub(crate) fn with_host<R>(self: &Rc<Self>, call: impl FnOnce(&mut Kernel<'_>) -> R) -> R {
        let host = self.host_of(context::node());
        self.with(|state| call(&mut state.kernel(host)))
    }

    /// A socket that was opened on the current node's host.
    pub(crate) fn descriptor(self: &Rc<Self>, socket: SocketId) -> Descriptor {
        Descriptor { network: Rc::clone(self), host: self.host_of(context::node()), socket }
    }

    /// Opens a socket on the current node for something about `ip`.
    pub(crate) fn open<E: From<Errno>>(
        self: &Rc<Self>,
        ip: IpAddr,
        call: impl FnOnce(&mut Kernel<'_>) -> Result<SocketId, E>,
    ) -> Result<Descriptor, E> {
        let host = self.host_of(context::node());
        let socket = self.with(|state| {
            state.cover_address(ip);
            let mut kernel = state.kernel(host);
            kernel.process_is_alive()?;
            call(&mut kernel)
        })?;
        Ok(Descriptor { network: Rc::clone(self), host, socket })
    }
}

impl State {
    /// Makes hosts of the first nodes of the run.
    fn cover(&mut self, hosts: usize) {
        assert!(hosts <= HOSTS_MAX as usize, "more than {HOSTS_MAX} nodes have no addresses");
        while self.hosts.len() < hosts {
            self.wire.names.push(None);
            self.hosts.push(Host::new(HostId(self.hosts.len() as u32)));
        }
    }

    /// Makes a host of the node that the address leads to, if there is one.
    #[inline]
    fn cover_address(&mut self, ip: IpAddr) {
        if let Place::Host(host) = place(ip)
            && host.index() >= self.hosts.len()
        {
            self.cover(context::host_count());
        }
    }

    #[inline]
    fn kernel(&mut self, host: HostId) -> Kernel<'_> {
        let hosts = self.hosts.len() as u32;
        Kernel::new(&mut self.hosts[host.index()], &mut self.wire, hosts)
    }

    /// Whether what is under way can change anything for a program.
    fn may_wake(&self) -> bool {
        self.wire.has_packets()
            || self.wire.searches > 0
            || self.hosts.iter().any(|host| host.streams().any(|stream| self.may_go_on(stream)))
    }

    /// Whether a timer of the stream can lead to anything but another probe: of a window that its peer keeps closed, or of
    /// whether the peer lives.
    fn may_go_on(&self, stream: &Stream) -> bool {
        let connection = &stream.connection;
        if connection.transfer_timer() != Instant::MAX && !connection.is_probing() {
            return true;
        }
        if connection.timer() == Instant::MAX {
            return false;
        }
        let host = self.wire.interfaces.host(stream.pair.remote.interface);
        let peer = self.hosts.get(host.index()).and_then(|host| host.stream_of(stream.pair.reversed()));
        let is_cut = |link| self.wire.links.get(link).is_cut();
        peer.is_none_or(|peer| {
            connection.is_behind(&peer.connection) || is_cut(stream.link) || is_cut(peer.link)
        })
    }

    /// Does all that is due.
    fn fire(&mut self, now: Instant) {
        loop {
            if let Some(mut packet) = self.wire.pop_packet(now) {
                self.deliver(now, &mut packet);
            } else if let Some(event) = self.wire.pop_event(now) {
                self.handle(now, event);
            } else {
                return self.wire.update_due();
            }
        }
    }

    fn deliver(&mut self, now: Instant, packet: &mut Packet) {
        let Some(to) = self.wire.receive(packet) else { return self.wire.lose(packet) };
        match self.hosts[to.index()].handle_for_open_stream(&mut self.wire, now, packet) {
            Some(Ending::NotYet) => {}
            Some(ending) => self.kernel(to).at(now).end(packet.to, ending),
            None if self.wire.is_down(to) => self.wire.lose(packet),
            None => self.kernel(to).at(now).handle_packet(packet),
        }
    }

    fn handle(&mut self, now: Instant, event: Event) {
        match event {
            Event::Packet(mut packet) => self.deliver(now, &mut packet),
            Event::Corrupted(mut packet) => self.wire.drop_corrupted(&mut packet),
            Event::Timer { host, socket } => self.kernel(host).at(now).handle_timer(socket),
            Event::Room { host, socket } => {
                self.wire.searches -= 1;
                self.kernel(host).at(now).handle_room(socket);
            }
            Event::NoNeighbour { host, socket } => {
                self.wire.searches -= 1;
                self.kernel(host).at(now).handle_no_neighbour(socket);
            }
        }
    }
}

impl Device for Network {
    fn next_due(&self) -> Option<Instant> {
        self.state.borrow().wire.next_due()
    }

    fn fire(&self, now: Instant) {
        self.with(|state| state.fire(now));
    }

    fn may_wake(&self) -> bool {
        self.state.borrow().may_wake()
    }

    fn node_crashed(&self, node: NodeId, kind: Crash) {
        let host = self.host_of(node);
        self.with(|state| match kind {
            Crash::ProcessKill => state.kernel(host).kill_process(),
            Crash::PowerLoss => {
                state.kernel(host).lose_power();
                state.wire.take_down(host);
            }
            // The process is stopped, and the kernel goes on.
            Crash::Freeze => {}
        });
    }

    fn node_started(&self, node: NodeId) {
        let host = self.host_of(node);
        self.with(|state| {
            state.wire.bring_up(host);
            state.kernel(host).start_process();
        });
    }

    fn describe(&self, resource: u64) -> String {
        let (host, socket, interest) = Descriptor::from_resource(resource);
        self.with(|state| {
            if host.index() >= state.hosts.len() {
                return String::new();
            }
            state.kernel(host).describe(socket, interest)
        })
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
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

    /// Calls the kernel.
    #[inline]
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> R {
        self.network.with(|state| call(&mut state.kernel(self.host), self.socket))
    }

    /// Calls the kernel about an address, which may lead to a host that the network does not know yet.
    #[inline]
    pub(crate) fn with_address<R>(&self, ip: IpAddr, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> R {
        self.network.with(|state| {
            state.cover_address(ip);
            call(&mut state.kernel(self.host), self.socket)
        })
    }

    /// Whether the task may make another call in this poll: see [`Operations::may_go_on`].
    #[inline]
    pub(crate) fn may_go_on(&self) -> bool {
        self.network.operations.may_go_on()
    }

    /// Takes the CPU time of an operation.
    #[inline]
    pub(crate) fn charge(&self) {
        let op_cost = self.network.op_cost;
        if !op_cost.is_zero() && context::current_task().is_some() {
            time::block_now(op_cost);
        }
    }

    /// The number by which the executor asks what a task waits for. It is never zero.
    #[inline]
    pub(crate) fn resource(&self, interest: Interest) -> u64 {
        let index = u64::from(self.socket.index) & ((1 << INDEX_BITS) - 1);
        let generation = u64::from(self.socket.generation) & ((1 << GENERATION_BITS) - 1);
        let mut resource = u64::from(self.host.0) + 1;
        resource = (resource << GENERATION_BITS) | generation;
        resource = (resource << INDEX_BITS) | index;
        (resource << 1) | u64::from(interest == Interest::Write)
    }

    fn from_resource(resource: u64) -> (HostId, SocketId, Interest) {
        let interest = if resource & 1 == 1 { Interest::Write } else { Interest::Read };
        let index = (resource >> 1) & ((1 << INDEX_BITS) - 1);
        let generation = (resource >> (1 + INDEX_BITS)) & ((1 << GENERATION_BITS) - 1);
        let host = (resource >> (1 + INDEX_BITS + GENERATION_BITS)).saturating_sub(1);
        (HostId(host as u32), SocketId { index: index as u32, generation: generation as u32 }, interest)
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
            self.with(|kernel, socket| kernel.close(socket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_number_tells_socket_and_interest() {
        let network = Rc::new(Network::new(NetworkConfig::default(), false));
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
