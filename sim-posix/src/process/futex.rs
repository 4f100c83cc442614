//! Which threads wait at which words of memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicU32;

use super::{Outcome, Process};
use crate::real;

/// Threads by the address at which they wait, in the order in which they began. An address is only ever compared: no order
/// of addresses is seen.
#[derive(Default)]
pub(crate) struct Futexes(BTreeMap<usize, VecDeque<(u32, u32)>>);

impl Futexes {
    /// A thread waits at an address, for wakes that have one of these bits.
    pub(crate) fn add(&mut self, address: usize, thread: u32, bits: u32) {
        self.0.entry(address).or_default().push_back((thread, bits));
    }

    /// A thread waits no more.
    pub(crate) fn remove(&mut self, thread: u32) {
        self.0.retain(|_, waiting| {
            waiting.retain(|(other, _)| *other != thread);
            !waiting.is_empty()
        });
    }

    /// The first threads that wait at an address for one of these bits, at most so many.
    pub(crate) fn first(&self, address: usize, count_max: usize, bits: u32) -> Vec<u32> {
        let waiting = self.0.get(&address).into_iter().flatten();
        waiting.filter(|(_, wanted)| wanted & bits != 0).map(|(thread, _)| *thread).take(count_max).collect()
    }

    /// Has threads wait at another address; how many.
    pub(crate) fn requeue(&mut self, from: usize, to: usize, count_max: usize) -> usize {
        let Some(waiting) = self.0.get_mut(&from) else { return 0 };
        let count = waiting.len().min(count_max);
        let moved: Vec<_> = waiting.drain(..count).collect();
        if waiting.is_empty() {
            self.0.remove(&from);
        }
        self.0.entry(to).or_default().extend(moved);
        count
    }
}

impl Process {
    /// Waits for a thread outside of the run that may have what is waited for at this word; whether it was that. A static at which
    /// that was in vain is the process's own from then on.
    pub(crate) fn wait_for_others(&self, word: &AtomicU32, value: u32) -> bool {
        let address = std::ptr::from_ref(word).addr();
        if !real::is_static(address) || self.own_statics.borrow().contains(&address) {
            return false;
        }
        let has_changed = real::wait_for_others(word, value);
        if !has_changed {
            self.own_statics.borrow_mut().insert(address);
        }
        has_changed
    }

    /// Wakes the first threads that wait at an address for one of these bits, at most so many; how many.
    pub(crate) fn wake_at(&self, address: usize, count_max: usize, bits: u32) -> usize {
        let woken = self.futexes.borrow().first(address, count_max, bits);
        woken.iter().for_each(|&thread| self.wake_thread(thread, Outcome::Woken));
        woken.len()
    }

    /// The same from outside of the process, which is then polled.
    pub(crate) fn wake_at_from_outside(&self, address: usize, count_max: usize, bits: u32) -> usize {
        let count = self.wake_at(address, count_max, bits);
        if count > 0 {
            self.wakes.wake_task();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_woken_in_their_order_and_by_their_bits() {
        let mut futexes = Futexes::default();
        for (thread, bits) in [(1, 1), (2, 2), (3, u32::MAX)] {
            futexes.add(8, thread, bits);
        }
        assert_eq!(futexes.first(8, 2, u32::MAX), [1, 2]);
        assert_eq!(futexes.first(8, 2, 2), [2, 3]);
        assert!(futexes.first(16, 9, u32::MAX).is_empty());
        futexes.remove(1);
        assert_eq!(futexes.requeue(8, 16, 1), 1);
        assert_eq!((futexes.first(8, 9, 1), futexes.first(16, 9, 2)), (vec![3], vec![2]));
    }
}
