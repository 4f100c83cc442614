//! Nodes that poll nothing: their CPU is held, or they are frozen or dead.

use super::{NONE, ReadyLists, UNLISTED};

/// Why a node polls nothing, besides that its CPU is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    No,
    /// Until it is thawed.
    Frozen,
    /// Its tasks are gone. One that becomes ready is to be dropped.
    Dead,
}

impl ReadyLists {
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
        self.settle(node);
    }

    /// Ends [`ReadyLists::hold`]. An iteration that was interrupted goes on where it was.
    pub(crate) fn release(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        assert!(list.is_cpu_held, "the CPU of node {node} is not held");
        list.is_cpu_held = false;
        self.settle(node);
    }

    /// Lets no task of the node be polled until [`ReadyLists::thaw`].
    pub(crate) fn freeze(&mut self, node: u32) {
        assert_eq!(self.nodes[node as usize].stop, Stop::No, "node {node} cannot be frozen");
        self.nodes[node as usize].stop = Stop::Frozen;
        self.settle(node);
    }

    /// Ends [`ReadyLists::freeze`].
    pub(crate) fn thaw(&mut self, node: u32) {
        assert_eq!(self.nodes[node as usize].stop, Stop::Frozen, "node {node} is not frozen");
        self.nodes[node as usize].stop = Stop::No;
        self.settle(node);
    }

    /// Takes all tasks of a node out of its lists. From now on a task of it that becomes ready is for
    /// [`ReadyLists::take_dead`].
    pub(crate) fn kill(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        if list.stop == Stop::Dead {
            return;
        }
        (list.stop, list.is_cpu_held) = (Stop::Dead, false);
        self.settle(node);
        let list = &mut self.nodes[node as usize];
        list.devices.clear();
        list.timers.clear();
        list.batch_left = 0;
        list.len = 0;
        list.tail = NONE;
        let mut next = std::mem::replace(&mut list.head, NONE);
        while next != NONE {
            next = std::mem::replace(&mut self.links[next as usize].next, UNLISTED);
        }
    }

    /// Adds a task of a dead node for [`ReadyLists::take_dead`].
    pub(crate) fn push_dead(&mut self, node: u32, task: u32) {
        assert_eq!(self.nodes[node as usize].stop, Stop::Dead, "node {node} is alive");
        self.append(node, task);
    }

    /// Ends [`ReadyLists::kill`].
    pub(crate) fn revive(&mut self, node: u32) {
        let list = &mut self.nodes[node as usize];
        assert_eq!((list.stop, list.len), (Stop::Dead, 0), "node {node} cannot be started");
        list.stop = Stop::No;
        self.settle(node);
    }

    /// Takes a task out of the list of a dead node.
    pub(crate) fn take_dead(&mut self) -> Option<u32> {
        let &node = self.graves.front()?;
        let list = &mut self.nodes[node as usize];
        let task = list.head;
        list.head = std::mem::replace(&mut self.links[task as usize].next, UNLISTED);
        list.len -= 1;
        if list.len == 0 {
            list.tail = NONE;
            self.graves.pop_front();
            self.deferring -= 1;
        } else {
            self.links[list.head as usize].previous = NONE;
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
            self.total -= list.len;
            self.deferring -= defers;
            return;
        }
        self.total += list.len;
        self.deferring += defers;
        if list.len > 0 && !list.has_turn {
            list.has_turn = true;
            self.turns.push_back(node);
        }
    }
}
