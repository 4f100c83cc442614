//! Holds: packets between some hosts wait until they are released.

use std::rc::Rc;

use sim_executor::context;

use crate::link::{Directions, Stop, StopId};
use crate::network::{Network, ToHost};
use crate::wire::{HeldId, InFlight};

/// Packets that wait until this is dropped, unless [`release`] ends it before.
#[must_use = "the packets are released when this is dropped; call `keep` to hold them until `release`"]
pub struct Hold {
    network: Rc<Network>,
    /// `None` once it is kept.
    id: Option<StopId>,
}

/// Holds back the packets between two hosts, in both directions, those that are on their way as well.
///
/// A packet that is sent meanwhile may still be lost, by a decision of its link. When it is released it arrives when it would have
/// without the hold, or at once if that time has passed.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::{UdpSocket, fault};
///
/// Executor::new(ProductionOrder).block_on(async {
///     let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
///     let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
///     let hold = fault::hold("main", "server");
///     client.send_to(b"first", "server:7").await.unwrap();
///     client.send_to(b"second", "server:7").await.unwrap();
///     let [first, second] = &fault::in_flight()[..] else { panic!("two packets are held") };
///     assert_eq!(first.packet.says, "datagram of 5 bytes");
///     assert_eq!(second.packet.payload, b"second");
///     assert!(fault::lose(first.held.unwrap()));
///     hold.release();
///     let mut buffer = [0; 9];
///     assert_eq!(server.recv(&mut buffer).await.unwrap(), 6);
/// }).unwrap();
/// ```
///
/// # Panics
/// Outside a run, or if there is no such host.
pub fn hold(a: impl ToHost, b: impl ToHost) -> Hold {
    let network = Network::current();
    let (a, b) = (network.locate(a), network.locate(b));
    begin(network, Directions::BothWays(a, b))
}

/// Holds back the packets from the first host to the second, as [`hold`] does.
///
/// # Panics
/// As [`hold`].
pub fn hold_one_way(from: impl ToHost, to: impl ToHost) -> Hold {
    let network = Network::current();
    let (from, to) = (network.locate(from), network.locate(to));
    begin(network, Directions::OneWay { from, to })
}

/// Ends all holds between two hosts, in both directions: their packets go on.
///
/// # Panics
/// As [`hold`].
pub fn release(a: impl ToHost, b: impl ToHost) {
    let network = Network::current();
    let (a, b) = (network.locate(a), network.locate(b));
    let now = context::now();
    network.with_wire(|wire| {
        wire.links.resume_between(Stop::Hold, a, b);
        wire.note_fault(|| format!("release {} <-> {}", wire.name(a), wire.name(b)));
        wire.carry_released(now);
    });
}

/// Ends all holds: all packets go on.
///
/// # Panics
/// Outside a run.
pub fn release_all() {
    let now = context::now();
    Network::current().with_wire(|wire| {
        wire.links.resume_all(Stop::Hold);
        wire.note_fault(|| "release all".to_string());
        wire.carry_released(now);
    });
}

/// All packets on their way, in the order in which they arrive; then those that are held back, in the order in which they were.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn in_flight() -> Vec<InFlight> {
    Network::current().with_wire(|wire| wire.in_flight())
}

/// Lets one packet arrive now that is held back; the others wait on. Whether it was still held back.
///
/// # Panics
/// Outside a run.
#[expect(clippy::must_use_candidate, reason = "who has just looked knows that it is held back")]
pub fn deliver(packet: HeldId) -> bool {
    let now = context::now();
    Network::current().with_wire(|wire| wire.deliver_held(now, packet))
}

/// Loses one packet that is held back. Whether it was still held back.
///
/// # Panics
/// Outside a run.
#[expect(clippy::must_use_candidate, reason = "who has just looked knows that it is held back")]
pub fn lose(packet: HeldId) -> bool {
    Network::current().with_wire(|wire| wire.lose_held(packet))
}

fn begin(network: Rc<Network>, directions: Directions) -> Hold {
    let id = network.with_wire(|wire| {
        wire.note_directions("hold", &directions);
        wire.hold(directions)
    });
    Hold { network, id: Some(id) }
}

impl Hold {
    /// Holds the packets until [`release`] or [`release_all`].
    pub fn keep(mut self) {
        self.id = None;
    }

    /// Lets the packets go on now.
    pub fn release(self) {}
}

impl Drop for Hold {
    /// After its run nothing goes on.
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        if !self.network.is_of_current_run() {
            return;
        }
        let now = context::now();
        self.network.with_wire(|wire| {
            if let Some(directions) = wire.release(now, id) {
                wire.note_directions("release", &directions);
            }
        });
    }
}
