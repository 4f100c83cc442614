//! The order of ready tasks by priorities that are drawn by key.

use super::Links;
use crate::choice::KeyedDraws;

/// Ready tasks by their priorities, of which each is drawn from the name of the task's next poll. A task that was taken
/// elsewhere leaves its entry behind, which is told by its stamp and skipped when it comes up.
#[derive(Debug)]
pub(super) struct Priorities {
    draws: KeyedDraws,
    /// Came since the last look, with their stamps. A task that is the only one needs no priority, and most often it is.
    fresh: Vec<(u32, u32)>,
    /// A max-heap, in which each is followed by the two at twice its place plus one and two.
    heap: Vec<Ranked>,
    /// Whether the first of the heap was taken. It stays there until another takes its place, which costs less than to close
    /// the gap and then make room for the next.
    is_top_taken: bool,
}

/// A task with its priority. Of equal ones, the task with the greater index is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranked {
    priority: u64,
    pub(super) task: u32,
    stamp: u32,
}

impl Ranked {
    /// Whether the task is still ready, and has this priority.
    #[inline]
    pub(super) fn is_live(self, links: &impl Links) -> bool {
        let link = links.link(self.task);
        link.stamp == self.stamp && link.is_listed()
    }
}

impl Priorities {
    pub(super) fn new(draws: KeyedDraws) -> Self {
        Priorities { draws, fresh: Vec::new(), heap: Vec::new(), is_top_taken: false }
    }

    /// Adds a task that was put into its list.
    #[inline]
    pub(super) fn add(&mut self, task: u32, stamp: u32) {
        self.fresh.push((task, stamp));
    }

    /// Takes the only one, if there is just one that has no priority yet. At least one task may be polled, so it is that.
    #[inline]
    pub(super) fn pop_only(&mut self) -> Option<u32> {
        if self.fresh.len() != 1 || self.heap.len() != usize::from(self.is_top_taken) {
            return None;
        }
        self.fresh.pop().map(|(task, _)| task)
    }

    /// Gives priorities to those that have none yet.
    #[inline]
    pub(super) fn draw(&mut self, links: &impl Links) {
        while let Some((task, stamp)) = self.fresh.pop() {
            let ranked = Ranked { priority: self.draws.draw(links.key_of(task)), task, stamp };
            if ranked.is_live(links) {
                self.insert(ranked);
            }
        }
    }

    /// Forgets entries that were left behind, if they are more than the `ready` tasks or so.
    #[inline]
    pub(super) fn tidy(&mut self, links: &impl Links, ready: usize) {
        if self.heap.len() + self.fresh.len() > 2 * ready + 64 {
            self.forget_dead(links);
        }
    }

    #[cold]
    fn forget_dead(&mut self, links: &impl Links) {
        if std::mem::take(&mut self.is_top_taken) {
            self.heap.swap_remove(0);
        }
        self.draw(links);
        self.heap.retain(|ranked| ranked.is_live(links));
        // In descending order it is a heap.
        self.heap.sort_unstable_by(|one, other| other.cmp(one));
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
        self.is_top_taken = first.is_some();
        first
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
                    let ranked = Ranked { priority, task, stamp: 0 };
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
            priorities.insert(Ranked { priority: u64::from(stamp), task: 0, stamp });
            priorities.tidy(&tasks, 1);
        }
        assert!(priorities.heap.len() + priorities.fresh.len() < 100);
    }
}
