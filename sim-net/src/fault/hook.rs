//! Packet hooks: functions that see each packet, and may change what becomes of it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::network::Network;
use crate::wire::Crossing;

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
        if self.network.is_of_current_run() {
            let has_hooks = !self.network.hooks.are_none();
            self.network.with_wire(|wire| wire.set_hooked(has_hooks));
        }
        // With nothing borrowed, since it is the program's.
        drop(removed);
    }
}
