//! The groups of multicasts: which hosts take part in which.

use std::collections::BTreeMap;

use super::{HostId, InterfaceId};

/// Which hosts have joined which groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// With how many of its sockets a host has joined.
    members: BTreeMap<(InterfaceId, HostId), u32>,
}

impl Groups {
    pub(crate) fn join(&mut self, group: InterfaceId, host: HostId) {
        *self.members.entry((group, host)).or_default() += 1;
    }

    pub(crate) fn leave(&mut self, group: InterfaceId, host: HostId) {
        let sockets = self.members.get_mut(&(group, host)).expect("who leaves has joined");
        *sockets -= 1;
        if *sockets == 0 {
            self.members.remove(&(group, host));
        }
    }

    pub(crate) fn has(&self, group: InterfaceId, host: HostId) -> bool {
        self.members.contains_key(&(group, host))
    }

    /// The hosts that have joined, in their order.
    pub(crate) fn of(&self, group: InterfaceId) -> impl Iterator<Item = HostId> {
        let all = (group, HostId(0))..=(group, HostId::NOBODY);
        self.members.range(all).map(|(&(_, host), _)| host)
    }
}
