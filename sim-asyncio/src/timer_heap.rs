//! The pending timers of a loop: a binary heap that is CPython's `heapq`, step by step.

use std::cell::Cell;
use std::rc::Rc;

use sim_executor::Instant;

use crate::handle::Handle;
use crate::heapq;
use crate::vars::Call;

/// In which order timers with equal deadlines fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieOrder {
    /// In the order of their creation. asyncio's documentation promises no order; this one a reader can predict.
    #[default]
    Creation,
    /// As CPython's `heapq` happens to give them: five equal ones fire as 0 2 4 1 3.
    Heapq,
}

pub(crate) struct Timer {
    pub(crate) when: Instant,
    sequence: u64,
    pub(crate) handle: Handle,
    pub(crate) call: Call,
}

pub(crate) struct TimerHeap {
    order: TieOrder,
    timers: Vec<Timer>,
    next_sequence: u64,
    /// How many of the pending ones are cancelled; their handles count.
    cancelled: Rc<Cell<usize>>,
}

/// With fewer timers cancelled ones are only removed when they reach the top.
const COMPACTED_MIN: usize = 100;

impl TimerHeap {
    pub(crate) fn new(order: TieOrder) -> Self {
        TimerHeap { order, timers: Vec::new(), next_sequence: 0, cancelled: Rc::default() }
    }

    pub(crate) fn push(&mut self, when: Instant, call: Call) -> Handle {
        let handle = Handle::scheduled(Rc::clone(&self.cancelled));
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let timer = Timer { when, sequence, handle: handle.clone(), call };
        heapq::push(&mut self.timers, timer, less(self.order));
        handle
    }

    /// When the first live timer is due. Gives back the cancelled ones that it had to remove, to be dropped when nothing
    /// is borrowed.
    pub(crate) fn next_due(&mut self) -> (Option<Instant>, Vec<Timer>) {
        let mut removed = Vec::new();
        if self.timers.len() > COMPACTED_MIN && 2 * self.cancelled.get() > self.timers.len() {
            removed.extend(self.timers.extract_if(.., |timer| timer.handle.is_cancelled()));
            self.cancelled.set(0);
            heapq::heapify(&mut self.timers, less(self.order));
        }
        while self.timers.first().is_some_and(|timer| timer.handle.is_cancelled()) {
            self.cancelled.set(self.cancelled.get() - 1);
            removed.extend(self.pop());
        }
        for timer in &removed {
            timer.handle.leave_heap();
        }
        (self.timers.first().map(|timer| timer.when), removed)
    }

    /// Takes the first timer, cancelled or not, if it is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        if self.timers.first()?.when > now {
            return None;
        }
        let timer = self.pop()?;
        if timer.handle.is_cancelled() {
            self.cancelled.set(self.cancelled.get() - 1);
        }
        timer.handle.leave_heap();
        Some(timer)
    }

    /// Takes them all.
    pub(crate) fn take_all(&mut self) -> Vec<Timer> {
        self.cancelled.set(0);
        std::mem::take(&mut self.timers)
    }

    fn pop(&mut self) -> Option<Timer> {
        heapq::pop(&mut self.timers, less(self.order))
    }
}

fn less(order: TieOrder) -> impl Fn(&Timer, &Timer) -> bool {
    move |one, other| match order {
        TieOrder::Creation => (one.when, one.sequence) < (other.when, other.sequence),
        TieOrder::Heapq => one.when < other.when,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn nothing() -> Call {
        Call { callback: Box::new(|| ()), vars: Rc::default() }
    }

    /// The order in which timers with these deadlines fire.
    fn fired(order: TieOrder, dues: &[u64]) -> Vec<usize> {
        let mut heap = TimerHeap::new(order);
        let log: Rc<RefCell<Vec<usize>>> = Rc::default();
        for (number, due) in dues.iter().enumerate() {
            let log = Rc::clone(&log);
            let callback = Box::new(move || log.borrow_mut().push(number));
            heap.push(Instant::from_nanos(*due), Call { callback, vars: Rc::default() });
        }
        while let Some(timer) = heap.pop_due(Instant::MAX) {
            (timer.call.callback)();
        }
        log.take()
    }

    #[test]
    fn ties_fire_in_the_order_that_was_asked_for() {
        let table: &[(TieOrder, &[u64], &[usize])] = &[
            (TieOrder::Creation, &[5, 5, 5, 5, 5], &[0, 1, 2, 3, 4]),
            (TieOrder::Heapq, &[5, 5, 5, 5, 5], &[0, 2, 4, 1, 3]),
            (TieOrder::Creation, &[9, 1, 5, 1], &[1, 3, 2, 0]),
            (TieOrder::Heapq, &[9, 1, 5, 3], &[1, 3, 2, 0]),
        ];
        for (order, dues, expected) in table {
            assert_eq!(fired(*order, dues), *expected, "{order:?} {dues:?}");
        }
    }

    #[test]
    fn cancelled_timers_are_removed_at_the_top_or_when_they_are_most() {
        let mut heap = TimerHeap::new(TieOrder::Creation);
        let handles: Vec<Handle> =
            (0..150).map(|due| heap.push(Instant::from_nanos(due), nothing())).collect();
        handles[0].cancel();
        handles[0].cancel();
        assert_eq!(heap.next_due().0, Some(Instant::from_nanos(1)));
        assert_eq!(heap.timers.len(), 149);
        for handle in &handles[50..] {
            handle.cancel();
        }
        assert_eq!(heap.next_due().0, Some(Instant::from_nanos(1)));
        assert_eq!(heap.timers.len(), 49);
        assert_eq!(heap.cancelled.get(), 0);
    }
}
