//! The groups of multicasts: which hosts take part in which.

use std::collections::BTreeMap;

use sim_executor::Reuse as _;

use super::{HostId, InterfaceId};

/// Which hosts have joined which groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// With how many of its sockets a host has joined.
    members: BTreeMap<(InterfaceId, HostId), u32>,
}

impl Groups {
    /// Makes it as new.
    pub(crate) fn renew(&mut self) {
        self.members.renew();
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Interfaces;

    #[test]
    fn a_host_is_a_member_while_one_of_its_sockets_is() {
        let mut interfaces = Interfaces::default();
        let (one, other) = (interfaces.at([239, 0, 0, 1].into()), interfaces.at([239, 0, 0, 2].into()));
        let mut groups = Groups::default();
        for host in [5, 3, 3, 9].map(HostId) {
            groups.join(one, host);
        }
        groups.join(other, HostId(4));
        assert_eq!(groups.of(one).collect::<Vec<_>>(), [3, 5, 9].map(HostId));
        groups.leave(one, HostId(3));
        assert!(groups.has(one, HostId(3)));
        groups.leave(one, HostId(3));
        assert_eq!(groups.of(one).collect::<Vec<_>>(), [5, 9].map(HostId));
        assert!(!groups.has(one.in_loopback(true), HostId(5)));
    }
}
