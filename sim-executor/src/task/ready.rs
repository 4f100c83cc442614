//! The ready queue: which tasks may be polled, and the order in which production would poll them.

use std::collections::VecDeque;

mod stopped;

use stopped::Stop;

/// Where a wake comes from; an event loop looks at what came from outside only between two iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A task, or the program between two runs.
    Task,
    /// A device, such as the network.
    Device,
    /// A timer.
    Timer,
}

/// One first-in-first-out list for each node, and the nodes in the order of their turns.
///
/// A node is an event loop: it polls what is ready when its iteration begins (a batch), then looks at what came from
/// outside while its CPU was held (devices first, then timers), which goes behind what has become ready meanwhile.
#[derive(Debug)]
pub(crate) struct ReadyLists {
    /// Whether nodes poll in batches. If not, every poll is an iteration of its own.
    batches: bool,
    links: Vec<Link>,
    nodes: Vec<NodeList>,
    /// The node whose turn it is.
    turn: u32,
    /// The others that have something to do, or had.
    turns: VecDeque<u32>,
    /// Ready tasks of nodes whose CPU is free.
    total: usize,
    /// Nodes whose CPU is free with something in `devices` or `timers`, plus `graves`.
    deferring: usize,
    /// Dead nodes with tasks that are to be dropped.
    graves: VecDeque<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    next: u32,
    previous: u32,
}

#[derive(Debug)]
struct NodeList {
    head: u32,
    tail: u32,
    len: usize,
    batch_left: usize,
    /// How many iterations have begun.
    iterations: u64,
    has_turn: bool,
    /// Whether it polls nothing: the CPU is held, or the node is stopped.
    held: bool,
    is_cpu_held: bool,
    stop: Stop,
    devices: Vec<u32>,
    timers: Vec<u32>,
}

impl NodeList {
    /// Whether it has not looked at something that came from outside.
    fn defers(&self) -> bool {
        !self.devices.is_empty() || !self.timers.is_empty()
    }
}

const NONE: u32 = u32::MAX;
/// The `next` of a task that is in no list.
const UNLISTED: u32 = u32::MAX - 1;

impl ReadyLists {
    pub(crate) fn new(batches: bool) -> Self {
        ReadyLists {
            batches,
            links: Vec::new(),
            nodes: Vec::new(),
            turn: NONE,
            turns: VecDeque::new(),
            total: 0,
            deferring: 0,
            graves: VecDeque::new(),
        }
    }

    pub(crate) fn add_node(&mut self) -> u32 {
        self.nodes.push(NodeList {
            head: NONE,
            tail: NONE,
            len: 0,
            batch_left: 0,
            iterations: 0,
            has_turn: false,
            held: false,
            is_cpu_held: false,
            stop: Stop::No,
            devices: Vec::new(),
            timers: Vec::new(),
        });
        (self.nodes.len() - 1) as u32
    }

    /// Makes room for a task with this index.
    pub(crate) fn add_task(&mut self, task: u32) {
        if task as usize >= self.links.len() {
            self.links.resize(task as usize + 1, Link { next: UNLISTED, previous: NONE });
        }
    }

    /// How many tasks may be polled now.
    #[inline]
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Adds a task that is in no list.
    #[inline(always)]
    pub(crate) fn push(&mut self, node: u32, task: u32, origin: Origin) {
        if self.nodes[node as usize].held && origin != Origin::Task {
            return self.push_while_held(node, task, origin);
        }
        self.append(node, task);
    }

    #[cold]
    fn push_while_held(&mut self, node: u32, task: u32, origin: Origin) {
        let list = &mut self.nodes[node as usize];
        match origin {
            _ if list.stop == Stop::Dead => self.append(node, task),
            Origin::Timer => list.timers.push(task),
            Origin::Device | Origin::Task => list.devices.push(task),
        }
    }

    #[inline(always)]
    fn append(&mut self, node: u32, task: u32) {
        let list = &mut self.nodes[node as usize];
        self.links[task as usize] = Link { next: NONE, previous: list.tail };
        if list.tail == NONE {
            list.head = task;
        } else {
            self.links[list.tail as usize].next = task;
        }
        list.tail = task;
        list.len += 1;
        if !list.held {
            self.total += 1;
            if !list.has_turn {
                list.has_turn = true;
                self.turns.push_back(node);
            }
        } else {
            self.note_grave(node);
        }
    }

    /// A task was added to a list of which nothing is polled.
    #[cold]
    fn note_grave(&mut self, node: u32) {
        let list = &self.nodes[node as usize];
        if list.stop == Stop::Dead && list.len == 1 {
            self.graves.push_back(node);
            self.deferring += 1;
        }
    }

    /// The task that production order polls next. Begins the iteration of its node if that has none under way.
    #[inline(always)]
    pub(crate) fn gentlest(&mut self) -> Option<u32> {
        if let Some(list) = self.nodes.get(self.turn as usize)
            && list.batch_left > 0
            && list.len > 0
            && !list.held
        {
            return Some(list.head);
        }
        if self.total == 0 { None } else { self.begin_iteration() }
    }

    #[inline(never)]
    fn begin_iteration(&mut self) -> Option<u32> {
        loop {
            let Some(list) = self.nodes.get_mut(self.turn as usize) else {
                self.turn = self.turns.pop_front()?;
                continue;
            };
            if list.len == 0 || list.held {
                list.has_turn = false;
                self.turn = NONE;
                continue;
            }
            if self.batches && list.batch_left == 0 {
                list.iterations += 1;
                list.batch_left = list.len;
            }
            return Some(list.head);
        }
    }

    /// Takes the task that production order polls next out of its list. Says whether an iteration of its node ends with
    /// its poll.
    #[inline(always)]
    pub(crate) fn take_gentlest(&mut self) -> Option<(u32, bool)> {
        let task = self.gentlest()?;
        let list = &mut self.nodes[self.turn as usize];
        let next = std::mem::replace(&mut self.links[task as usize].next, UNLISTED);
        list.head = next;
        if next == NONE {
            list.tail = NONE;
        } else {
            self.links[next as usize].previous = NONE;
        }
        list.len -= 1;
        self.total -= 1;
        if list.batch_left > 1 {
            list.batch_left -= 1;
            return Some((task, false));
        }
        list.batch_left = 0;
        list.iterations += u64::from(!self.batches);
        if !self.turns.is_empty() {
            self.pass_turn();
        }
        Some((task, true))
    }

    /// Puts the node whose turn it is behind the others.
    #[inline(never)]
    fn pass_turn(&mut self) {
        if let Some(next) = self.turns.pop_front() {
            self.turns.push_back(self.turn);
            self.turn = next;
        }
    }

    /// Takes a task that may be polled out of its list. Says whether an iteration of its node ends with its poll.
    #[inline]
    pub(crate) fn take(&mut self, node: u32, task: u32) -> bool {
        let Link { next, previous } = self.links[task as usize];
        assert!(next != UNLISTED, "task {task} is taken from the list of node {node}, where it is not");
        self.links[task as usize].next = UNLISTED;
        let list = &mut self.nodes[node as usize];
        if previous == NONE {
            list.head = next;
        } else {
            self.links[previous as usize].next = next;
        }
        if next == NONE {
            list.tail = previous;
        } else {
            self.links[next as usize].previous = previous;
        }
        list.len -= 1;
        self.total -= 1;
        list.batch_left = list.batch_left.saturating_sub(1);
        list.iterations += u64::from(!self.batches);
        if list.batch_left > 0 {
            return false;
        }
        if self.turn == node {
            self.pass_turn();
        }
        true
    }

    /// Whether the node has polled all of its batch.
    pub(crate) fn is_between_iterations(&self, node: u32) -> bool {
        self.nodes[node as usize].batch_left == 0
    }

    /// Whether the node has nothing to do: it would sleep until something comes from outside.
    pub(crate) fn is_idle(&self, node: u32) -> bool {
        let list = &self.nodes[node as usize];
        list.len == 0 && list.batch_left == 0 && !list.held
    }

    /// Whether every node has polled all of its batch.
    pub(crate) fn all_between_iterations(&self) -> bool {
        self.nodes.iter().all(|list| list.batch_left == 0)
    }

    /// How many iterations the node has begun. Without batches only a poll begins one: to look at what is next does not.
    pub(crate) fn iterations(&self, node: u32) -> u64 {
        self.nodes[node as usize].iterations
    }

    /// Whether the task is in the list of its node, and not among what the node has not looked at yet.
    pub(crate) fn is_listed(&self, task: u32) -> bool {
        self.links.get(task as usize).is_some_and(|link| link.next != UNLISTED)
    }

    /// Whether the node polls nothing, since its CPU is held or it is stopped.
    pub(crate) fn is_held(&self, node: u32) -> bool {
        self.nodes[node as usize].held
    }

    /// Lets each node that is between two iterations see what came from outside while its CPU was held. Says whether
    /// there are tasks for [`ReadyLists::take_dead`].
    #[inline]
    pub(crate) fn look_outside(&mut self) -> bool {
        self.deferring > 0 && self.append_deferred()
    }

    fn append_deferred(&mut self) -> bool {
        if self.deferring == self.graves.len() {
            return true;
        }
        for node in 0..self.nodes.len() {
            let list = &mut self.nodes[node];
            if list.held || list.batch_left > 0 || !list.defers() {
                continue;
            }
            self.deferring -= 1;
            let (mut devices, mut timers) =
                (std::mem::take(&mut list.devices), std::mem::take(&mut list.timers));
            for task in devices.drain(..).chain(timers.drain(..)) {
                self.append(node as u32, task);
            }
        }
        !self.graves.is_empty()
    }

    /// The tasks that may be polled, by node and wake.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().filter(|list| !list.held).flat_map(move |list| {
            let mut next = list.head;
            std::iter::from_fn(move || {
                let task = next;
                (task != NONE).then(|| {
                    next = self.links[task as usize].next;
                    task
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Polls everything in production order.
    fn drain(lists: &mut ReadyLists, node_of: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut polled = Vec::new();
        lists.look_outside();
        while let Some(task) = lists.gentlest() {
            lists.take(node_of(task), task);
            polled.push(task);
            lists.look_outside();
        }
        polled
    }

    fn new_lists() -> ReadyLists {
        let mut lists = ReadyLists::new(true);
        lists.add_task(100);
        lists
    }

    #[test]
    fn nodes_take_turns_by_iteration() {
        let mut lists = new_lists();
        let (one, other) = (lists.add_node(), lists.add_node());
        lists.push(one, 10, Origin::Task);
        lists.push(other, 20, Origin::Task);
        lists.push(one, 11, Origin::Task);
        assert_eq!(drain(&mut lists, |task| if task < 20 { one } else { other }), [10, 11, 20]);
    }

    #[test]
    fn what_is_woken_in_an_iteration_waits_for_the_next() {
        let mut lists = new_lists();
        let node = lists.add_node();
        lists.push(node, 1, Origin::Task);
        lists.push(node, 2, Origin::Task);
        assert_eq!(lists.gentlest(), Some(1));
        assert!(!lists.take(node, 1));
        lists.push(node, 3, Origin::Task);
        assert_eq!(lists.gentlest(), Some(2));
        assert!(lists.take(node, 2), "the batch of two ends here");
        assert_eq!(lists.gentlest(), Some(3));
    }

    #[test]
    fn a_held_node_sees_the_outside_after_its_iteration_devices_first() {
        let mut lists = new_lists();
        let node = lists.add_node();
        for task in [1, 2, 3] {
            lists.push(node, task, Origin::Task);
        }
        lists.gentlest();
        lists.take(node, 1);
        lists.hold(node);
        assert_eq!(lists.total(), 0);
        assert_eq!(lists.gentlest(), None);
        lists.push(node, 7, Origin::Timer);
        lists.push(node, 8, Origin::Device);
        lists.release(node);
        lists.push(node, 1, Origin::Task);
        assert_eq!(drain(&mut lists, |_| node), [2, 3, 1, 8, 7]);
    }

    #[test]
    fn without_batches_each_poll_is_an_iteration_and_a_look_is_none() {
        let mut lists = ReadyLists::new(false);
        lists.add_task(100);
        let node = lists.add_node();
        for task in [1, 2, 3] {
            lists.push(node, task, Origin::Task);
        }
        lists.gentlest();
        lists.gentlest();
        assert_eq!(lists.iterations(node), 0);
        assert!(lists.take(node, 2));
        assert_eq!(lists.iterations(node), 1);
        assert_eq!(lists.take_gentlest(), Some((1, true)));
        assert_eq!(lists.iterations(node), 2);
    }

    proptest! {
        /// One node against a queue of Rust's library: taken from any place, as a random source does.
        #[test]
        fn any_mix_of_operations_equals_a_queue(
            operations in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..100)
        ) {
            let mut lists = new_lists();
            let node = lists.add_node();
            let mut model: VecDeque<u32> = VecDeque::new();
            for (task, (push, index)) in (0_u32..).zip(operations) {
                if push || model.is_empty() {
                    lists.push(node, task, Origin::Task);
                    model.push_back(task);
                } else {
                    prop_assert_eq!(lists.gentlest(), model.front().copied());
                    let taken = model.remove(index.index(model.len())).unwrap();
                    lists.take(node, taken);
                }
                prop_assert_eq!(lists.total(), model.len());
                prop_assert_eq!(lists.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
