//! The virtual time that a loop itself needs for an iteration.

use std::cell::Cell;
use std::time::Duration;

use sim_executor::{NodeId, context};

/// What an iteration costs, to be paid before the loop looks at its timers.
pub(crate) struct IterationCost {
    cost: Duration,
    /// Whether the iteration that comes next is paid for.
    is_paid: Cell<bool>,
}

impl IterationCost {
    pub(crate) fn new(cost: Duration) -> Self {
        IterationCost { cost, is_paid: Cell::new(false) }
    }

    pub(crate) fn is_due(&self) -> bool {
        !self.cost.is_zero() && !self.is_paid.get()
    }

    /// Holds the CPU of the loop's node for what the next iteration costs, if that is due.
    pub(crate) fn pay(&self, node: NodeId) -> bool {
        let is_due = self.is_due();
        if is_due {
            self.is_paid.set(true);
            context::hold_node(node, self.cost);
        }
        is_due
    }

    /// An iteration has begun: the one after it is not paid for.
    pub(crate) fn begin(&self) {
        self.is_paid.set(false);
    }
}
