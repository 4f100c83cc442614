//! The network of a run: its hosts, driven as a device.

mod descriptor;
mod extension;
mod hooks;
mod install;
mod state;
mod to_host;
mod unborrowed;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::context::RunTag;
use sim_executor::{Crash, Device, Due, Instant, LeftOpen, LeftOpenKind, NodeId, Resource, context};

use crate::address::{HostId, Place, SocketId, place};
use crate::config::NetworkConfig;
use crate::errno::Errno;
use crate::host::{Host, Kernel, SocketRow};
use crate::resolver::Resolver;
use crate::waiters::Interest;
use crate::wire::Wire;

pub(crate) use descriptor::Descriptor;
pub(crate) use extension::{Extension, extend, extension};
pub use install::install;
pub use to_host::ToHost;

use hooks::Hooks;
use state::State;

/// The network of a run. Every node has a place in it from its first use of a socket on.
///
/// A run gets a network with the default configuration at the first use, unless [`install`] was called before.
pub struct Network {
    run: RunTag,
    state: RefCell<State>,
    /// The wire's.
    due: Due,
    resolver: RefCell<Resolver>,
    /// What each operation on a socket costs its node's CPU, if anything.
    op_cost: Option<Duration>,
    /// How many futures have waited.
    waits: Cell<u64>,
    pub(crate) hooks: Hooks,
}

impl Network {
    /// A network of a configuration that was checked.
    fn new(config: NetworkConfig, is_traced: bool) -> Self {
        let state = State::new(config, is_traced);
        let resolver = RefCell::new(Resolver::new(config.dns));
        Network {
            run: RunTag::current(),
            due: state.wire.due().clone(),
            state: RefCell::new(state),
            resolver,
            op_cost: Some(config.op_cost).filter(|cost| !cost.is_zero()),
            waits: Cell::new(0),
            hooks: Hooks::default(),
        }
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Network::configure`].
    fn renew(&mut self) {
        let Network { run: _, state, due: _, resolver, op_cost: _, waits, hooks } = self;
        state.get_mut().renew();
        resolver.get_mut().renew();
        waits.set(0);
        hooks.renew();
    }

    /// Begins a run with a configuration that was checked.
    fn configure(&mut self, config: &NetworkConfig, is_traced: bool) {
        self.run = RunTag::current();
        self.state.get_mut().wire.configure(config, is_traced);
        self.resolver.get_mut().config = config.dns;
        self.op_cost = Some(config.op_cost).filter(|cost| !cost.is_zero());
    }

    /// The network of the current run, for a call that never waits.
    ///
    /// # Panics
    /// Outside a run.
    pub(crate) fn current() -> Rc<Network> {
        context::count_call();
        context::device::<Network>().unwrap_or_else(|| install::make(None))
    }

    /// Whether this is the network of the run that goes on.
    #[inline]
    pub(crate) fn is_of_current_run(&self) -> bool {
        self.run.is_current()
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

    /// The sockets of a host, or of all.
    pub(crate) fn rows(&self, host: Option<HostId>) -> Vec<SocketRow> {
        self.with(|state| {
            let hosts = (0..state.hosts.len() as u32).map(HostId);
            let hosts = hosts.filter(|&known| host.is_none_or(|host| host == known));
            hosts.flat_map(|host| state.kernel(host).rows()).collect()
        })
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

impl Device for Network {
    fn next_due(&self) -> Option<Instant> {
        Some(self.due.get()).filter(|&due| due < Instant::MAX)
    }

    fn due(&self) -> Option<Due> {
        Some(self.due.clone())
    }

    fn fire(&self, now: Instant) {
        let mut state = self.state.borrow_mut();
        state.fire(now);
        self.end_firing(state);
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

    /// For who reads first whatever the peer writes with, and for who writes what it reads with: that may also be one task for both.
    fn other_ends(&self, resource: u64) -> Vec<Resource> {
        let (host, socket, interest) = Descriptor::from_resource(resource);
        let Some((host, socket)) = self.with(|state| state.peer(host, socket)) else { return Vec::new() };
        let order = match interest {
            Interest::Read => [Interest::Write, Interest::Read],
            Interest::Write | Interest::Error => [Interest::Read, Interest::Write],
        };
        order.map(|interest| descriptor::used(host, socket, interest)).to_vec()
    }

    /// Partitions are healed and holds released, also of links that cut off others besides; packet hooks stay.
    fn settle(&self, nodes: &[NodeId]) {
        let hosts: Vec<HostId> = nodes.iter().map(|&node| self.host_of(node)).collect();
        let now = context::now();
        self.with_wire(|wire| {
            wire.settle(&hosts, now);
            wire.note_fault(|| "heal and release, as the run settles".to_string());
        });
    }

    fn left_open(&self) -> Vec<LeftOpen> {
        self.with(|state| {
            let hosts = (0..state.hosts.len() as u32).map(HostId);
            hosts.flat_map(|host| state.kernel(host).left_open()).collect::<Vec<String>>()
        })
        .into_iter()
        .map(|text| LeftOpen { kind: LeftOpenKind::Socket, text })
        .collect()
    }

    /// Nothing if somebody outside of the run still has a socket.
    fn leave(mut self: Rc<Self>) -> Option<Rc<dyn Any>> {
        Rc::get_mut(&mut self)?.renew();
        Some(self)
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}
