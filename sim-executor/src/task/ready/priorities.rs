//! The order of ready tasks by priorities that are drawn by key.

use super::{Links, bucket_sort};
use crate::choice::{KeyedDraws, ReadyId};
use crate::reuse::Reuse as _;

/// Ready tasks by their priorities, of which each is drawn from the name of the task's next poll. A task that was taken
/// elsewhere leaves its entry behind, which is told by its stamp and skipped when it comes up.
#[derive(Debug)]
pub(super) struct Priorities {
    draws: KeyedDraws,
    /// Came since the last look, with their stamps. A task that is the only one needs no priority, and most often it is.
    fresh: Vec<(u32, u32)>,
    /// Many that came together, the highest last: to sort them at once costs less than a heap of them.
    sorted: Vec<Ranked>,
    /// For sorting; empty but for that.
    scratch: Vec<Ranked>,
    /// The others: a max-heap, in which each is followed by the two at twice its place plus one and two.
    heap: Vec<Ranked>,
    /// Whether the first of the heap was taken. It stays there until another takes its place, which costs less than to close
    /// the gap and then make room for the next.
    is_top_taken: bool,
}

/// So many at least are sorted.
const MANY: usize = 4;

/// So many tasks do not fit the first caches.
const UNCACHED: usize = 1_024;

/// A task with its priority, as one number, as that is quick to compare: the priority, then the task, then the stamp. Of equal
/// priorities, the task with the greater index is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranked(u128);

impl Ranked {
    /// Below all others.
    pub(super) const NONE: Ranked = Ranked(0);

    #[inline]
    pub(super) fn new(priority: u64, task: u32, stamp: u32) -> Self {
        let low = u64::from(task) << 32 | u64::from(stamp);
        Ranked(u128::from(priority) << 64 | u128::from(low))
    }

    #[inline]
    pub(super) fn task(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub(super) fn priority(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[inline]
    fn stamp(self) -> u32 {
        self.0 as u32
    }

    /// Of a task that has no priority here.
    pub(super) fn unranked(id: ReadyId) -> Self {
        Ranked(u128::from(id.number()))
    }

    pub(super) fn id(self) -> ReadyId {
        ReadyId::from_number(self.0 as u64)
    }

    /// Whether the task is still ready, and has this priority.
    #[inline]
    pub(super) fn is_live(self, links: &impl Links) -> bool {
        let link = links.link(self.task());
        link.stamp == self.stamp() && link.is_listed()
    }
}

impl Priorities {
    pub(super) fn new(draws: KeyedDraws) -> Self {
        Priorities {
            draws,
            fresh: Vec::new(),
            sorted: Vec::new(),
            scratch: Vec::new(),
            heap: Vec::new(),
            is_top_taken: false,
        }
    }

    /// Begins a run.
    pub(super) fn configure(&mut self, draws: KeyedDraws) {
        self.draws = draws;
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Priorities::configure`].
    pub(super) fn renew(&mut self) {
        let Priorities { draws: _, fresh, sorted, scratch, heap, is_top_taken } = self;
        fresh.renew();
        sorted.renew();
        scratch.renew();
        heap.renew();
        *is_top_taken = false;
    }

    /// Adds a task that was put into its list.
    #[inline]
    pub(super) fn add(&mut self, task: u32, stamp: u32) {
        self.fresh.push((task, stamp));
    }

    /// Takes the only one, if there is just one that has no priority yet. At least one task may be polled, so it is that.
    #[inline]
    pub(super) fn pop_only(&mut self) -> Option<u32> {
        let others = self.heap.len() - usize::from(self.is_top_taken) + self.sorted.len();
        if self.fresh.len() != 1 || others > 0 {
            return None;
        }
        self.fresh.pop().map(|(task, _)| task)
    }

    /// Gives a priority to the one that has none yet, if there is just one, and takes it if it is the first of all: a task that
    /// yields among others is so again and again.
    #[inline(always)]
    pub(super) fn pop_fresh(&mut self, links: &impl Links) -> Option<Ranked> {
        let &[(task, stamp)] = &self.fresh[..] else { return None };
        self.fresh.clear();
        let ranked = self.rank(links, task, stamp);
        if self.first() < ranked {
            return Some(ranked);
        }
        self.insert(ranked);
        None
    }

    /// The first of those that have priorities.
    #[inline]
    fn first(&self) -> Ranked {
        let of_heap = match &self.heap[..] {
            [_, left, right, ..] if self.is_top_taken => *left.max(right),
            [_, only] if self.is_top_taken => *only,
            [first, ..] if !self.is_top_taken => *first,
            _ => Ranked::NONE,
        };
        of_heap.max(self.sorted.last().copied().unwrap_or(Ranked::NONE))
    }

    /// Gives priorities to those that have none yet.
    #[inline(always)]
    pub(super) fn draw(&mut self, links: &impl Links) {
        if self.fresh.len() >= MANY && self.fresh.len() > self.sorted.len() {
            self.draw_many(links);
        }
        while let Some((task, stamp)) = self.fresh.pop() {
            let ranked = self.rank(links, task, stamp);
            if ranked.is_live(links) {
                self.insert(ranked);
            }
        }
    }

    #[inline]
    fn rank(&self, links: &impl Links, task: u32, stamp: u32) -> Ranked {
        Ranked::new(self.draws.draw(links.key_of(task)), task, stamp)
    }

    #[inline(never)]
    fn draw_many(&mut self, links: &impl Links) {
        let fresh = std::mem::take(&mut self.fresh);
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.reserve(fresh.len());
        for &(task, stamp) in &fresh {
            let ranked = self.rank(links, task, stamp);
            if ranked.is_live(links) {
                sorted.push(ranked);
            }
        }
        bucket_sort::sort(&mut sorted, &mut self.scratch);
        (self.fresh, self.sorted) = (fresh, sorted);
        self.fresh.clear();
    }

    /// Forgets entries that were left behind, if they are more than the `ready` tasks or so.
    #[inline]
    pub(super) fn tidy(&mut self, links: &impl Links, ready: usize) {
        if self.heap.len() + self.sorted.len() + self.fresh.len() > 2 * ready + 64 {
            self.forget_dead(links);
        }
    }

    #[cold]
    fn forget_dead(&mut self, links: &impl Links) {
        if std::mem::take(&mut self.is_top_taken) {
            self.heap.swap_remove(0);
        }
        self.sorted.append(&mut self.heap);
        self.draw_many(links);
        self.sorted.retain(|ranked| ranked.is_live(links));
    }

    /// Adds one that has a priority.
    #[inline]
    pub(super) fn insert(&mut self, ranked: Ranked) {
        if std::mem::take(&mut self.is_top_taken) {
            self.sift_down(ranked);
        } else {
            self.heap.push(ranked);
            self.sift_up(self.heap.len() - 1);
        }
    }

    /// Takes the first of those that have priorities.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Ranked> {
        if self.is_top_taken {
            self.close_gap();
        }
        let first = self.heap.first().copied();
        if self.sorted.last().copied() > first {
            return self.sorted.pop();
        }
        self.is_top_taken = first.is_some();
        first
    }

    /// The task that comes next, if so many were sorted that it is likely in no cache.
    #[inline]
    pub(super) fn next_of_many(&self) -> Option<u32> {
        if self.sorted.len() < UNCACHED { None } else { self.sorted.last().map(|ranked| ranked.task()) }
    }

    fn close_gap(&mut self) {
        self.is_top_taken = false;
        if let Some(last) = self.heap.pop()
            && !self.heap.is_empty()
        {
            self.sift_down(last);
        }
    }

    /// Puts one into the heap in place of the first.
    fn sift_down(&mut self, ranked: Ranked) {
        let heap = &mut self.heap[..];
        let mut place = 0;
        loop {
            let left = 2 * place + 1;
            let Some(&(mut child)) = heap.get(left) else { break };
            let mut child_place = left;
            if let Some(&right) = heap.get(left + 1)
                && right > child
            {
                (child, child_place) = (right, left + 1);
            }
            if child < ranked {
                break;
            }
            heap[place] = child;
            place = child_place;
        }
        heap[place] = ranked;
    }

    fn sift_up(&mut self, mut place: usize) {
        let ranked = self.heap[place];
        while place > 0 {
            let above = (place - 1) / 2;
            if self.heap[above] > ranked {
                break;
            }
            self.heap[place] = self.heap[above];
            place = above;
        }
        self.heap[place] = ranked;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Link;
    use super::super::tests::Tasks;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a sorted list.
        #[test]
        fn the_highest_is_taken_first(operations in prop::collection::vec((any::<bool>(), 0_u64..16), 0..200)) {
            let mut priorities = Priorities::new(KeyedDraws::new(1));
            let mut model: Vec<Ranked> = Vec::new();
            for (task, (is_added, priority)) in (0_u32..).zip(operations) {
                if is_added {
                    let ranked = Ranked::new(priority, task, 0);
                    priorities.insert(ranked);
                    model.push(ranked);
                    model.sort_unstable();
                } else {
                    prop_assert_eq!(priorities.pop(), model.pop());
                }
            }
            while let Some(expected) = model.pop() {
                prop_assert_eq!(priorities.pop(), Some(expected));
            }
            prop_assert_eq!(priorities.pop(), None);
        }
    }

    proptest! {
        /// Tasks that come together are sorted, others are not; in which portions they come changes nothing.
        #[test]
        fn portions_change_nothing(portions in prop::collection::vec((0_usize..100, 0_usize..60), 1..12)) {
            let mut tasks = Tasks::new(2_000);
            let draws = KeyedDraws::new(9);
            let mut priorities = Priorities::new(draws);
            let mut model: Vec<(u64, u32)> = Vec::new();
            let mut next = 0;
            for (added, taken) in portions {
                for _ in 0..added {
                    *tasks.link_mut(next) = Link { next: 0, ..Link::NONE };
                    priorities.add(next, 0);
                    model.push((draws.draw(tasks.key_of(next)), next));
                    next += 1;
                }
                model.sort_unstable();
                priorities.draw(&tasks);
                for _ in 0..taken.min(model.len()) {
                    prop_assert_eq!(priorities.pop().map(Ranked::task), model.pop().map(|(_, task)| task));
                }
            }
        }
    }

    #[test]
    fn the_only_one_needs_no_priority() {
        let mut priorities = Priorities::new(KeyedDraws::new(1));
        priorities.add(3, 1);
        assert_eq!(priorities.pop_only(), Some(3));
        priorities.add(4, 1);
        priorities.add(5, 1);
        assert_eq!(priorities.pop_only(), None);
    }

    #[test]
    fn entries_that_were_left_behind_take_no_memory() {
        let tasks = Tasks::new(1);
        let mut priorities = Priorities::new(KeyedDraws::new(1));
        for stamp in 0..10_000 {
            // No task is in a list, so all of them are dead.
            priorities.add(0, stamp);
            priorities.insert(Ranked::new(u64::from(stamp), 0, stamp));
            priorities.tidy(&tasks, 1);
        }
        assert!(priorities.heap.len() + priorities.sorted.len() + priorities.fresh.len() < 100);
    }
}
