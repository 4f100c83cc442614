//! The packets that a capture sees.

use std::net::SocketAddr;
use std::rc::Rc;

use sim_executor::Instant;

use super::Wire;
use crate::address::HostId;
use crate::packet::{Body, Packet};
use crate::pool::Pool;
use crate::tcp::TcpConfig;

/// What sees the packets of a network.
pub(crate) trait Tap {
    /// Takes note of a packet, whose payload is in the pool.
    fn see(&self, sight: &Sight<'_>, pool: &Pool, config: &TcpConfig);
}

/// A packet, with where and when it was seen.
pub(crate) struct Sight<'a> {
    pub(crate) at: Instant,
    pub(crate) host: HostId,
    pub(crate) name: &'a dyn Fn() -> String,
    pub(crate) seen: Seen,
    pub(crate) addresses: Addresses,
    pub(crate) body: &'a Body,
}

/// At which end a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Sent,
    Received,
}

/// From where to where a packet goes; both are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Addresses {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
}

impl Wire {
    /// Shows all packets to this from now on.
    pub(crate) fn set_tap(&mut self, tap: Rc<dyn Tap>) {
        self.tap = Some(tap);
        self.look_whether_watched();
    }

    /// Shows a packet. One that stays on its host is seen when it is sent.
    pub(super) fn tap(&self, at: Instant, packet: &Packet, seen: Seen) {
        let Some(tap) = &self.tap else { return };
        let link = self.links.get(packet.link);
        let host = match seen {
            Seen::Sent => link.from,
            Seen::Received if link.from == link.to => return,
            Seen::Received => link.to,
        };
        let address = |endpoint| self.interfaces.address(endpoint);
        let addresses =
            Addresses { source: address(packet.source), destination: address(packet.destination) };
        let name = || self.name(host);
        let sight = Sight { at, host, name: &name, seen, addresses, body: &packet.body };
        tap.see(&sight, &self.pool, &self.config.tcp);
    }
}
