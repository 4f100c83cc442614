//! The items of a queue, in the order in which they are taken.

use std::collections::VecDeque;

use crate::heapq;

/// Items, of which one is next.
pub(crate) enum QueueItems<T> {
    /// The oldest: `Queue`.
    Fifo(VecDeque<T>),
    /// The newest: `LifoQueue`.
    Lifo(Vec<T>),
    /// The least: `PriorityQueue`.
    Priority { heap: Vec<T>, less: fn(&T, &T) -> bool },
}

impl<T> QueueItems<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            QueueItems::Fifo(items) => items.len(),
            QueueItems::Lifo(items) | QueueItems::Priority { heap: items, .. } => items.len(),
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        match self {
            QueueItems::Fifo(items) => items.push_back(item),
            QueueItems::Lifo(items) => items.push(item),
            QueueItems::Priority { heap, less } => heapq::push(heap, item, *less),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        match self {
            QueueItems::Fifo(items) => items.pop_front(),
            QueueItems::Lifo(items) => items.pop(),
            QueueItems::Priority { heap, less } => heapq::pop(heap, *less),
        }
    }
}
