//! Packet hooks: functions that see each packet, and may change what becomes of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::{Crossing, PacketData, Protocol};
use crate::network::Network;

/// A packet hook that is called until this is dropped.
#[must_use = "the hook is called until this is dropped; call `keep` to leave it for the rest of the run"]
pub struct Hook {
    network: Rc<Network>,
    id: u64,
}

/// Calls a function with each packet that is sent from now on, before its link decides about it.
///
/// Several hooks are called in the order in which they were installed. They are called when the network is not busy, at the
/// time of the sending and in its order, so that a hook may use sockets, faults and choices; a packet that it sends itself
/// crosses the hooks after it.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::{UdpSocket, fault};
///
/// Executor::new(ProductionOrder).block_on(async {
///     let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
///     let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
///     let hook = fault::hook(|crossing| {
///         crossing.is_dropped = crossing.packet.payload == b"first";
///         crossing.packet.payload.make_ascii_uppercase();
///     });
///     client.send_to(b"first", "server:7").await.unwrap();
///     client.send_to(b"second", "server:7").await.unwrap();
///     drop(hook);
///     let mut buffer = [0; 6];
///     server.recv(&mut buffer).await.unwrap();
///     assert_eq!(&buffer, b"SECOND");
/// }).unwrap();
/// ```
///
/// # Panics
/// Outside a run. Later, when a hook has changed the length of a segment, or made a datagram of more than 65,507 bytes; and
/// if hooks send packets for packets without end.
pub fn hook(hook: impl FnMut(&mut Crossing) + 'static) -> Hook {
    let network = Network::current();
    let id = network.hooks.add(Rc::new(RefCell::new(hook)));
    network.with_wire(|wire| wire.set_hooked(true));
    Hook { network, id }
}

impl Hook {
    /// Leaves the hook for the rest of the run.
    pub fn keep(mut self) {
        self.id = 0;
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let removed = self.network.hooks.remove(self.id);
        let has_hooks = !self.network.hooks.are_none();
        self.network.with_wire(|wire| wire.set_hooked(has_hooks));
        // With nothing borrowed, since it is the program's.
        drop(removed);
    }
}

type Function = Rc<RefCell<dyn FnMut(&mut Crossing)>>;

/// The hooks of a network.
#[derive(Default)]
pub(crate) struct Hooks {
    hooks: RefCell<Vec<(u64, Function)>>,
    count: Cell<u64>,
    is_calling: Cell<bool>,
}

impl Hooks {
    fn add(&self, hook: Function) -> u64 {
        self.count.set(self.count.get() + 1);
        self.hooks.borrow_mut().push((self.count.get(), hook));
        self.count.get()
    }

    fn remove(&self, id: u64) -> Option<Function> {
        let mut hooks = self.hooks.borrow_mut();
        let place = hooks.iter().position(|&(hook, _)| hook == id)?;
        Some(hooks.remove(place).1)
    }

    fn are_none(&self) -> bool {
        self.hooks.borrow().is_empty()
    }

    /// Says that hooks are being called, until what it gives is dropped; `None` if they are already.
    pub(crate) fn begin(&self) -> Option<Calling<'_>> {
        (!self.is_calling.replace(true)).then(|| Calling(self))
    }

    /// Shows a packet to all hooks.
    ///
    /// # Panics
    /// If a hook did what it may not.
    pub(crate) fn show(&self, packet: PacketData) -> Crossing {
        let mut crossing = Crossing { packet, is_dropped: false, delay: Duration::ZERO, copies: 0 };
        let hooks: Vec<Function> = self.hooks.borrow().iter().map(|(_, hook)| Rc::clone(hook)).collect();
        for hook in hooks {
            let bytes = crossing.packet.payload.len();
            (hook.borrow_mut())(&mut crossing);
            check_payload(&crossing.packet, bytes);
            if crossing.is_dropped {
                break;
            }
        }
        crossing
    }
}

fn check_payload(packet: &PacketData, bytes_before: usize) {
    let bytes = packet.payload.len();
    match packet.protocol {
        Protocol::Udp => assert!(
            bytes <= crate::host::DATAGRAM_BYTES_MAX,
            "a packet hook made a datagram of {bytes} bytes, more than {}",
            crate::host::DATAGRAM_BYTES_MAX
        ),
        _ => assert!(
            bytes == bytes_before,
            "a packet hook changed the length of a segment from {bytes_before} to {bytes} bytes, which its \
             sequence numbers do not allow"
        ),
    }
}

/// While it is there, hooks are being called.
pub(crate) struct Calling<'a>(&'a Hooks);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.0.is_calling.set(false);
    }
}
