//! The packets that a capture sees.

use std::rc::Rc;

use sim_executor::Instant;

use super::Wire;
use crate::capture::{Addresses, Seen, Sight, Tap};
use crate::packet::Packet;

impl Wire {
    /// Shows all packets to this from now on.
    pub(crate) fn set_tap(&mut self, tap: Rc<Tap>) {
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
