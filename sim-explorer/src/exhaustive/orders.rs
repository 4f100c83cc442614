//! In which orders tasks come to what they share, over many runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sim_executor::{Access, Fact, Key, Resource, TaskId, mix};

use crate::touches::Touches;

/// The orders that were seen.
#[derive(Debug, Default)]
pub(super) struct Orders {
    seen: BTreeSet<u64>,
    /// Whether some run has touched something.
    touch: bool,
}

impl Orders {
    /// Adds that of a run.
    pub(super) fn add(&mut self, order: &RefCell<Order>) {
        let order = order.borrow();
        self.touch |= order.touches;
        self.seen.insert(order.hash);
    }

    /// How many there were; nothing where tasks touch nothing that is known.
    pub(super) fn count(&self) -> Option<u64> {
        self.touch.then_some(self.seen.len() as u64)
    }
}

/// The order of a run as a hash: two runs have the same one if they differ only in the order of polls that do not race. So it is the
/// *happens-before* relation (Lamport, 1978; for the order of accesses Mazurkiewicz, 1977).
///
/// The sum of the names of all touches does not depend on the order in which they are added: see [`Touches`].
#[derive(Debug, Default)]
pub(super) struct Order {
    hash: u64,
    touches: bool,
    shared: Touches,
    lineages: BTreeMap<TaskId, u64>,
}

impl Order {
    /// Takes note of a fact.
    pub(super) fn observe(&mut self, fact: &Fact) {
        match *fact {
            Fact::PollBegun { task, lineage, .. } => {
                self.lineages.insert(task, lineage);
            }
            Fact::Accessed { task, key, resource, access } => self.touch(task, key, resource, access),
            _ => {}
        }
    }

    fn touch(&mut self, task: TaskId, key: Key, resource: Resource, access: Access) {
        let by = mix(mix(self.lineages.get(&task).copied().unwrap_or(0), key.stream), u64::from(key.ordinal));
        let name = self.shared.add(by, resource, access);
        self.hash = self.hash.wrapping_add(name);
        self.touches = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Instant, Label};

    fn hash(touches: &[(u32, u64, Access)]) -> u64 {
        let mut order = Order::default();
        for (task, number, access) in touches {
            let resource = Resource::new(Label::new("test"), *number);
            let key = Key { stream: u64::from(*task), ordinal: 0 };
            let task = TaskId::from_parts(*task, 0);
            order.observe(&Fact::PollBegun { task, lineage: key.stream, key, now: Instant::START });
            order.touch(task, key, resource, *access);
        }
        order.hash
    }

    #[test]
    fn only_the_order_of_what_races_counts() {
        use Access::{Read, Write};
        assert_eq!(hash(&[(1, 1, Write), (2, 2, Write)]), hash(&[(2, 2, Write), (1, 1, Write)]));
        assert_eq!(hash(&[(1, 1, Read), (2, 1, Read)]), hash(&[(2, 1, Read), (1, 1, Read)]));
        assert_ne!(hash(&[(1, 1, Write), (2, 1, Write)]), hash(&[(2, 1, Write), (1, 1, Write)]));
        assert_ne!(hash(&[(1, 1, Read), (2, 1, Write)]), hash(&[(2, 1, Write), (1, 1, Read)]));
    }
}
