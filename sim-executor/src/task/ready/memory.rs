//! What a ready queue keeps from one run to the next: its memory.

use std::collections::VecDeque;

use super::link::NONE;
use super::priorities::Priorities;
use super::turns::Turns;
use super::{Kept, ReadyQueue};
use crate::choice::Order;
use crate::reuse::Reuse as _;

impl ReadyQueue {
    pub(crate) fn new() -> Self {
        ReadyQueue {
            batches: false,
            nodes: Vec::new(),
            turn: NONE,
            turns: Turns::new(),
            total: 0,
            deferring: 0,
            graves: VecDeque::new(),
            kept: Kept::Nothing,
            holds_max: 0,
            overdue: VecDeque::new(),
        }
    }

    /// Begins a run in which tasks have their turns in that order, and at the latest after so many holds of their CPU.
    pub(crate) fn configure(&mut self, order: Order, batches: bool, holds_max: u32) {
        (self.batches, self.holds_max) = (batches, holds_max);
        match (&mut self.kept, order) {
            (Kept::Nothing, Order::Production) | (Kept::Fresh(_), Order::Picked | Order::Asked) => {}
            (Kept::Priorities(priorities), Order::Keyed(draws)) => priorities.configure(draws),
            (kept, Order::Production) => *kept = Kept::Nothing,
            (kept, Order::Keyed(draws)) => *kept = Kept::Priorities(Priorities::new(draws)),
            (kept, Order::Picked | Order::Asked) => *kept = Kept::Fresh(Vec::new()),
        }
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`ReadyQueue::configure`].
    pub(crate) fn renew(&mut self) {
        let ReadyQueue {
            batches: _,
            nodes,
            turn,
            turns,
            total,
            deferring,
            graves,
            kept,
            holds_max: _,
            overdue,
        } = self;
        nodes.renew();
        *turn = NONE;
        turns.renew();
        (*total, *deferring) = (0, 0);
        graves.renew();
        match kept {
            Kept::Nothing => {}
            Kept::Fresh(fresh) => fresh.renew(),
            Kept::Priorities(priorities) => priorities.renew(),
        }
        overdue.renew();
    }
}
