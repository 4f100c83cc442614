//! Nodes that poll nothing: their CPU is held, or they are frozen or dead.

use super::link::{NONE, UNLISTED};
use super::priorities::Ranked;
use super::{Kept, Links, ReadyQueue};

/// Why a node polls nothing, besides that its CPU is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stop {
    #[default]
    No,
    /// Until it is thawed.
    Frozen,
    /// Its tasks are gone. One that becomes ready is to be dropped.
    Dead,
}

impl ReadyQueue {
    pub(crate) fn is_cpu_held(&self, node: u32) -> bool {
        self.nodes[node as usize].is_cpu_held
    }

    pub(crate) fn is_frozen(&self, node: u32) -> bool {
        self.nodes[node as usize].stop == Stop::Frozen
    }

    pub(crate) fn is_dead(&self, node: u32) -> bool {
        self.nodes[node as usize].stop == Stop::Dead
    }

    /// Says that the node's CPU is held: its tasks may not be polled.
    pub(crate) fn hold(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        assert!(!list.is_cpu_held, "the CPU of node {node} is held already");
        list.is_cpu_held = true;
        list.holds = list.holds.wrapping_add(1);
        self.settle(node);
    }

    /// Ends [`ReadyQueue::hold`]. An iteration that was interrupted goes on where it was.
    pub(crate) fn release(&mut self, node: u32, links: &impl Links) {
        let list = &mut self.nodes[node as usize];
        assert!(list.is_cpu_held, "the CPU of node {node} is not held");
        list.is_cpu_held = false;
        self.settle(node);
        self.look_for_overdue(node, links);
    }

    /// Notes the node if its longest ready task has waited for too many holds.
    fn look_for_overdue(&mut self, node: u32, links: &impl Links) {
        let list = &mut self.nodes[node as usize];
        if self.holds_max == u32::MAX || list.head == NONE || list.is_overdue {
            return;
        }
        if list.holds.wrapping_sub(links.link(list.head).holds) >= self.holds_max {
            list.is_overdue = true;
            self.overdue.push_back(node);
        }
    }

    /// Lets no task of the node be polled until [`ReadyQueue::thaw`].
    pub(crate) fn freeze(&mut self, node: u32) {
        assert_eq!(self.nodes[node as usize].stop, Stop::No, "node {node} cannot be frozen");
        self.nodes[node as usize].stop = Stop::Frozen;
        self.settle(node);
    }

    /// Ends [`ReadyQueue::freeze`].
    pub(crate) fn thaw(&mut self, node: u32, links: &impl Links) {
        assert_eq!(self.nodes[node as usize].stop, Stop::Frozen, "node {node} is not frozen");
        self.nodes[node as usize].stop = Stop::No;
        self.settle(node);
        self.look_for_overdue(node, links);
    }

    /// Takes all tasks of a node out of its lists. From now on a task of it that becomes ready is for
    /// [`ReadyQueue::take_dead`].
    pub(crate) fn kill(&mut self, links: &mut impl Links, node: u32) {
        let list = &mut self.nodes[node as usize];
        if list.stop == Stop::Dead {
            return;
        }
        (list.stop, list.is_cpu_held) = (Stop::Dead, false);
        self.settle(node);
        let list = &mut self.nodes[node as usize];
        list.clear_aside();
        list.batch_left = 0;
        list.len = 0;
        list.tail = NONE;
        let mut next = std::mem::replace(&mut list.head, NONE);
        while next != NONE {
            next = std::mem::replace(&mut links.link_mut(next).next, UNLISTED);
        }
    }

    /// Adds a task of a dead node for [`ReadyQueue::take_dead`].
    pub(crate) fn push_dead(&mut self, links: &mut impl Links, node: u32, task: u32) {
        assert_eq!(self.nodes[node as usize].stop, Stop::Dead, "node {node} is alive");
        let before = self.append::<true>(node, links.link_mut(task), task);
        links.follow(before, task);
    }

    /// Ends [`ReadyQueue::kill`].
    pub(crate) fn revive(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        assert_eq!((list.stop, list.len), (Stop::Dead, 0), "node {node} cannot be started");
        list.stop = Stop::No;
        self.settle(node);
    }

    /// Takes a task out of the list of a dead node.
    pub(crate) fn take_dead(&mut self, links: &mut impl Links) -> Option<u32> {
        let &node = self.graves.front()?;
        let list = &mut self.nodes[node as usize];
        let task = list.head;
        list.head = std::mem::replace(&mut links.link_mut(task).next, UNLISTED);
        list.len -= 1;
        if list.len == 0 {
            list.tail = NONE;
            self.graves.pop_front();
            self.deferring -= 1;
        }
        Some(task)
    }

    /// Brings `held` and the counts up to date.
    fn settle(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        let held = list.is_cpu_held || list.stop != Stop::No;
        if held == list.held {
            return;
        }
        list.held = held;
        let defers = usize::from(list.defers());
        if held {
            self.total -= list.len as usize;
            self.deferring -= defers;
            return;
        }
        self.total += list.len as usize;
        self.deferring += defers;
        if list.len > 0 && !list.has_turn {
            list.has_turn = true;
            self.turns.push(node);
        }
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Priorities(priorities) => {
                list.take_parked().into_iter().for_each(|ranked| priorities.insert(ranked));
            }
            Kept::Fresh(fresh) => fresh.extend(list.take_parked().into_iter().map(Ranked::id)),
        }
    }
}
