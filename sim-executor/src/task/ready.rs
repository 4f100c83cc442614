//! The ready queue: which tasks may be polled, and which of them is next.

use std::collections::VecDeque;

mod bucket_sort;
mod fresh;
mod link;
mod memory;
mod node_list;
mod priorities;
mod settled;
mod stopped;
mod turns;

use crate::choice::ReadyId;
pub(crate) use fresh::{Picked, is_ready};
use link::NONE;
pub(crate) use link::{Link, Links};
use node_list::NodeList;
use priorities::Priorities;
use stopped::Stop;
use turns::Turns;

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

/// What is kept of ready tasks besides their lists. Which of them it is stands in a byte of its own, where it is quick to look at.
#[derive(Debug)]
#[repr(u8)]
enum Kept {
    /// Nothing: they run in the order of the lists.
    Nothing,
    /// Those of which the source was not told, which orders them.
    Fresh(Vec<ReadyId>),
    /// By priority.
    Priorities(Priorities),
}

/// One first-in-first-out list for each node, and the nodes in the order of their turns. Where the run orders tasks by
/// priority, their priorities besides; where the source does, those of which it has to be told.
///
/// A node is an event loop: it polls what is ready when its iteration begins (a batch), then looks at what came from
/// outside while its CPU was held (devices first, then timers), which goes behind what has become ready meanwhile.
#[derive(Debug)]
pub(crate) struct ReadyQueue {
    /// Whether nodes poll in batches. If not, every poll is an iteration of its own.
    batches: bool,
    nodes: Vec<NodeList>,
    /// The node whose turn it is.
    turn: u32,
    /// The others that have something to do, or had.
    turns: Turns,
    /// Ready tasks of nodes whose CPU is free.
    total: usize,
    /// Nodes whose CPU is free with something that came from outside, plus `graves`.
    deferring: usize,
    /// Dead nodes with tasks that are to be dropped.
    graves: VecDeque<u32>,
    kept: Kept,
    /// After so many holds a task is overdue.
    holds_max: u32,
    /// Nodes whose longest ready task is overdue, or was.
    overdue: VecDeque<u32>,
}

impl ReadyQueue {
    pub(crate) fn add_node(&mut self) -> u32 {
        self.nodes.push(NodeList::new());
        (self.nodes.len() - 1) as u32
    }

    /// How many tasks may be polled now.
    #[inline]
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Adds a task that is in no list, whose link is at hand; gives the one before it, which [`Links::follow`] is to be told.
    /// Unless the order is production order it `KEEPS` more.
    #[inline(always)]
    pub(crate) fn enlist<const KEEPS: bool>(
        &mut self,
        node: u32,
        link: &mut Link,
        task: u32,
        origin: Origin,
    ) -> u32 {
        let list = &mut self.nodes[node as usize];
        link.holds = list.holds;
        if list.held && origin != Origin::Task && list.stop != Stop::Dead {
            list.defer(link, task, origin);
            return NONE;
        }
        self.append::<KEEPS>(node, link, task)
    }

    /// Puts a task into the list of a node; gives the one before it.
    #[inline(always)]
    fn append<const KEEPS: bool>(&mut self, node: u32, link: &mut Link, task: u32) -> u32 {
        let list = &mut self.nodes[node as usize];
        let before = list.append(link, task);
        if KEEPS {
            match &mut self.kept {
                Kept::Nothing => {}
                Kept::Priorities(priorities) => priorities.add(task, link.begin_entry()),
                Kept::Fresh(fresh) => fresh.push(ReadyId { index: task, stamp: link.begin_entry() }),
            }
        }
        if list.held {
            self.note_grave(node);
            return before;
        }
        self.total += 1;
        if !list.has_turn {
            list.has_turn = true;
            self.turns.push(node);
        }
        before
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
    pub(crate) fn gentlest(&mut self) -> Option<u32> {
        if self.total == 0 {
            return None;
        }
        self.find_turn()?;
        let list = &mut self.nodes[self.turn as usize];
        if self.batches {
            list.begin_iteration(true);
        }
        Some(list.head)
    }

    /// Goes to the next node of which something may be polled, unless that is the one whose turn it is; `None` if there is none.
    #[inline(never)]
    fn find_turn(&mut self) -> Option<()> {
        loop {
            if let Some(list) = self.nodes.get_mut(self.turn as usize) {
                if list.may_be_polled() {
                    return Some(());
                }
                list.has_turn = false;
            }
            let Some(next) = self.turns.pop() else {
                self.turn = NONE;
                return None;
            };
            self.turn = next;
        }
    }

    /// Takes the task that production order polls next out of its list. Says whether an iteration of its node ends with
    /// its poll.
    #[inline(always)]
    pub(crate) fn take_gentlest(&mut self, links: &mut impl Links) -> Option<(u32, bool)> {
        if self.total == 0 {
            return None;
        }
        let list = match self.nodes.get_mut(self.turn as usize) {
            Some(list) if list.may_be_polled() => list,
            _ => {
                self.find_turn()?;
                &mut self.nodes[self.turn as usize]
            }
        };
        list.begin_iteration(self.batches);
        let task = list.take_first(links);
        list.batch_left -= 1;
        self.total -= 1;
        let ends_iteration = list.batch_left == 0;
        if ends_iteration && !self.turns.is_empty() {
            self.pass_turn();
        }
        Some((task, ends_iteration))
    }

    /// Puts the node whose turn it is behind the others.
    #[inline(never)]
    fn pass_turn(&mut self) {
        if let Some(next) = self.turns.pop() {
            self.turns.push(self.turn);
            self.turn = next;
        }
    }

    /// Takes a task that may be polled out of its list. Says whether an iteration of its node ends with its poll.
    #[inline]
    pub(crate) fn take(&mut self, links: &mut impl Links, task: u32) -> bool {
        let node = links.node_of(task);
        let list = &mut self.nodes[node as usize];
        list.take(links, task);
        self.total -= 1;
        list.batch_left = list.batch_left.saturating_sub(1);
        list.iterations += u64::from(!self.batches);
        if list.batch_left > 0 {
            return false;
        }
        if self.turn == node && !self.turns.is_empty() {
            self.pass_turn();
        }
        true
    }

    /// The same where nobody asks which task production order would run: each poll is an iteration, and whose turn it is does
    /// not matter.
    #[inline(always)]
    pub(crate) fn take_out_of_turn(&mut self, links: &mut impl Links, task: u32) {
        self.nodes[links.node_of(task) as usize].take_alone(links, task);
        self.total -= 1;
    }

    /// Takes the task with the highest priority out of its list, out of turn. At least one task may be polled.
    #[inline(always)]
    pub(crate) fn take_highest(&mut self, links: &mut impl Links) -> Option<u32> {
        let ReadyQueue { nodes, kept, total, .. } = self;
        let Kept::Priorities(priorities) = kept else { return None };
        if let Some(only) = priorities.pop_only() {
            self.take_out_of_turn(links, only);
            return Some(only);
        }
        if let Some(ranked) = priorities.pop_fresh(links) {
            let list = &mut nodes[links.node_of(ranked.task()) as usize];
            if !list.held && ranked.is_live(links) {
                list.take_alone(links, ranked.task());
                *total -= 1;
                return Some(ranked.task());
            }
            priorities.insert(ranked);
        }
        let (task, list) = ReadyQueue::pop(nodes, priorities, links)?;
        list.take_alone(links, task);
        *total -= 1;
        Some(task)
    }

    /// The task with the highest priority, which is taken out of its list next. At least one task may be polled.
    pub(crate) fn pop_highest(&mut self, links: &impl Links) -> Option<u32> {
        let ReadyQueue { nodes, kept, .. } = self;
        let Kept::Priorities(priorities) = kept else { return None };
        match priorities.pop_only() {
            Some(only) => Some(only),
            None => ReadyQueue::pop(nodes, priorities, links).map(|(task, _)| task),
        }
    }

    /// The task with the highest priority, and the list in which it is.
    #[inline(always)]
    fn pop<'a>(
        nodes: &'a mut [NodeList],
        priorities: &mut Priorities,
        links: &impl Links,
    ) -> Option<(u32, &'a mut NodeList)> {
        priorities.draw(links);
        loop {
            let ranked = priorities.pop()?;
            if let Some(next) = priorities.next_of_many() {
                links.link(next).read_ahead();
            }
            if !ranked.is_live(links) {
                continue;
            }
            let node = links.node_of(ranked.task()) as usize;
            if !nodes[node].held {
                return Some((ranked.task(), &mut nodes[node]));
            }
            nodes[node].park(ranked);
        }
    }

    /// The task that has waited for too many holds of its CPU, if there is one: it is polled next, whatever else is ready.
    #[inline]
    pub(crate) fn overdue(&mut self, links: &impl Links) -> Option<u32> {
        if self.overdue.is_empty() { None } else { self.find_overdue(links) }
    }

    #[cold]
    fn find_overdue(&mut self, links: &impl Links) -> Option<u32> {
        while let Some(&node) = self.overdue.front() {
            let list = &mut self.nodes[node as usize];
            if !list.held && list.head != NONE {
                let holds = list.holds.wrapping_sub(links.link(list.head).holds);
                if holds >= self.holds_max {
                    let task = list.head;
                    if let Kept::Priorities(priorities) = &mut self.kept {
                        priorities.tidy(links, self.total);
                    }
                    return Some(task);
                }
            }
            list.is_overdue = false;
            self.overdue.pop_front();
        }
        None
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

    /// Whether the node polls nothing, since its CPU is held or it is stopped.
    pub(crate) fn is_held(&self, node: u32) -> bool {
        self.nodes[node as usize].held
    }

    /// Lets each node that is between two iterations see what came from outside while its CPU was held. Says whether
    /// there are tasks for [`ReadyQueue::take_dead`].
    #[inline]
    pub(crate) fn look_outside(&mut self, links: &mut impl Links) -> bool {
        self.deferring > 0 && self.append_deferred(links)
    }

    fn append_deferred(&mut self, links: &mut impl Links) -> bool {
        if self.deferring == self.graves.len() {
            return true;
        }
        for node in 0..self.nodes.len() {
            let list = &mut self.nodes[node];
            if list.held || list.batch_left > 0 || !list.defers() {
                continue;
            }
            self.deferring -= 1;
            for task in list.take_deferred() {
                let before = self.append::<true>(node as u32, links.link_mut(task), task);
                links.follow(before, task);
            }
        }
        !self.graves.is_empty()
    }

    /// The tasks that may be polled, by node and wake.
    pub(crate) fn iter(&self, links: &impl Links) -> impl Iterator<Item = u32> {
        self.nodes.iter().filter(|list| !list.held).flat_map(move |list| {
            let mut next = list.head;
            std::iter::from_fn(move || {
                let task = next;
                (task != NONE).then(|| {
                    next = links.link(task).next;
                    task
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::{Key, KeyedDraws, Order};
    use proptest::prelude::*;

    /// Tasks of which the ready queue knows all that it wants to; those up to 19 are of node 0, the next twenty of node 1.
    pub(super) struct Tasks(Vec<Link>);

    impl Tasks {
        pub(super) fn new(count: usize) -> Self {
            Tasks(vec![Link::NONE; count])
        }
    }

    impl Links for Tasks {
        fn link(&self, task: u32) -> &Link {
            &self.0[task as usize]
        }

        fn link_mut(&mut self, task: u32) -> &mut Link {
            &mut self.0[task as usize]
        }

        fn node_of(&self, task: u32) -> u32 {
            if self.0.len() > 100 { 0 } else { task / 20 }
        }

        fn key_of(&self, task: u32) -> Key {
            Key { stream: u64::from(task), ordinal: self.0[task as usize].stamp }
        }
    }

    impl ReadyQueue {
        fn push(&mut self, tasks: &mut Tasks, task: u32, origin: Origin) {
            let before = self.enlist::<true>(tasks.node_of(task), tasks.link_mut(task), task, origin);
            tasks.follow(before, task);
        }
    }

    /// Polls everything in production order.
    fn drain(queue: &mut ReadyQueue, tasks: &mut Tasks) -> Vec<u32> {
        let mut polled = Vec::new();
        queue.look_outside(tasks);
        while let Some(task) = queue.gentlest() {
            queue.take(tasks, task);
            polled.push(task);
            queue.look_outside(tasks);
        }
        polled
    }

    fn ordered(order: Order, batches: bool, holds_max: u32) -> ReadyQueue {
        let mut queue = ReadyQueue::new();
        queue.configure(order, batches, holds_max);
        queue
    }

    fn production() -> (ReadyQueue, Tasks) {
        let mut queue = ordered(Order::Production, true, u32::MAX);
        queue.add_node();
        (queue, Tasks::new(100))
    }

    fn keyed(seed: u64) -> (ReadyQueue, Tasks) {
        let mut queue = ordered(Order::Keyed(KeyedDraws::new(seed)), false, 4);
        queue.add_node();
        (queue, Tasks::new(100))
    }

    #[test]
    fn nodes_take_turns_by_iteration() {
        let (mut queue, mut tasks) = production();
        queue.add_node();
        for task in [10, 20, 11] {
            queue.push(&mut tasks, task, Origin::Task);
        }
        assert_eq!(drain(&mut queue, &mut tasks), [10, 11, 20]);
    }

    #[test]
    fn what_is_woken_in_an_iteration_waits_for_the_next() {
        let (mut queue, mut tasks) = production();
        queue.push(&mut tasks, 1, Origin::Task);
        queue.push(&mut tasks, 2, Origin::Task);
        assert_eq!(queue.gentlest(), Some(1));
        assert!(!queue.take(&mut tasks, 1));
        queue.push(&mut tasks, 3, Origin::Task);
        assert_eq!(queue.gentlest(), Some(2));
        assert!(queue.take(&mut tasks, 2), "the batch of two ends here");
        assert_eq!(queue.gentlest(), Some(3));
    }

    #[test]
    fn a_held_node_sees_the_outside_after_its_iteration_devices_first() {
        let (mut queue, mut tasks) = production();
        for task in [1, 2, 3] {
            queue.push(&mut tasks, task, Origin::Task);
        }
        queue.gentlest();
        queue.take(&mut tasks, 1);
        queue.hold(0);
        assert_eq!(queue.total(), 0);
        assert_eq!(queue.gentlest(), None);
        queue.push(&mut tasks, 7, Origin::Timer);
        queue.push(&mut tasks, 8, Origin::Device);
        queue.release(0, &tasks);
        queue.push(&mut tasks, 1, Origin::Task);
        assert_eq!(drain(&mut queue, &mut tasks), [2, 3, 1, 8, 7]);
    }

    #[test]
    fn without_batches_each_poll_is_an_iteration_and_a_look_is_none() {
        let (mut queue, mut tasks) = keyed(1);
        for task in [1, 2, 3] {
            queue.push(&mut tasks, task, Origin::Task);
        }
        queue.gentlest();
        queue.gentlest();
        assert_eq!(queue.iterations(0), 0);
        assert!(queue.take(&mut tasks, 2));
        assert_eq!(queue.iterations(0), 1);
        assert_eq!(queue.take_gentlest(&mut tasks), Some((1, true)));
        assert_eq!(queue.iterations(0), 2);
    }

    #[test]
    fn a_task_is_overdue_after_four_holds_of_its_cpu_and_no_sooner() {
        let (mut queue, mut tasks) = keyed(1);
        queue.push(&mut tasks, 5, Origin::Task);
        for hold in 0..4 {
            assert_eq!(queue.overdue(&tasks), None, "after {hold} holds");
            queue.hold(0);
            queue.push(&mut tasks, 10 + hold, Origin::Timer);
            queue.release(0, &tasks);
            queue.look_outside(&mut tasks);
        }
        // The hold in which a task became ready counts: task 10 is due with the next, as it has seen four then.
        assert_eq!(queue.overdue(&tasks), Some(5));
        queue.take(&mut tasks, 5);
        assert_eq!(queue.overdue(&tasks), Some(10));
        queue.take(&mut tasks, 10);
        assert_eq!(queue.overdue(&tasks), None);
        assert_eq!(queue.total(), 3);
        let mut left: Vec<u32> = Vec::new();
        while queue.total() > 0 {
            let task = queue.pop_highest(&tasks).unwrap();
            queue.take(&mut tasks, task);
            left.push(task);
        }
        left.sort_unstable();
        assert_eq!(left, [11, 12, 13], "the entries of the overdue ones are skipped");
    }

    #[test]
    fn a_task_is_still_overdue_after_its_node_was_frozen() {
        let (mut queue, mut tasks) = keyed(1);
        queue.push(&mut tasks, 5, Origin::Task);
        for _ in 0..4 {
            queue.hold(0);
            queue.release(0, &tasks);
        }
        queue.freeze(0);
        assert_eq!(queue.overdue(&tasks), None);
        queue.thaw(0, &tasks);
        assert_eq!(queue.overdue(&tasks), Some(5));
    }

    #[test]
    fn priorities_wait_while_their_node_is_held() {
        for seed in 0..20 {
            let (mut queue, mut tasks) = keyed(seed);
            queue.add_node();
            for task in [1, 2, 3, 21, 22] {
                queue.push(&mut tasks, task, Origin::Task);
            }
            queue.hold(0);
            let mut polled = Vec::new();
            while queue.total() > 0 {
                let task = queue.pop_highest(&tasks).unwrap();
                queue.take(&mut tasks, task);
                polled.push(task);
                if polled.len() == 2 {
                    queue.release(0, &tasks);
                }
            }
            polled[..2].sort_unstable();
            polled[2..].sort_unstable();
            assert_eq!(polled, [21, 22, 1, 2, 3], "seed {seed}");
        }
    }

    proptest! {
        /// One node against a queue of Rust's library: taken from any place, as a random source does.
        #[test]
        fn any_mix_of_operations_equals_a_queue(
            operations in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..100)
        ) {
            let mut queue = ordered(Order::Asked, true, 4);
            queue.add_node();
            let mut tasks = Tasks::new(101);
            let mut model: VecDeque<u32> = VecDeque::new();
            for (task, (push, index)) in (0_u32..).zip(operations) {
                if push || model.is_empty() {
                    queue.push(&mut tasks, task, Origin::Task);
                    model.push_back(task);
                } else {
                    prop_assert_eq!(queue.gentlest(), model.front().copied());
                    let taken = model.remove(index.index(model.len())).unwrap();
                    queue.take(&mut tasks, taken);
                }
                prop_assert_eq!(queue.total(), model.len());
                prop_assert_eq!(queue.iter(&tasks).collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
