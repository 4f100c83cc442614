//! The nodes that wait for their turn.

use std::collections::VecDeque;

use super::link::NONE;
use crate::reuse::Reuse as _;

/// Nodes in the order in which they came.
#[derive(Debug)]
pub(super) struct Turns {
    /// The first, apart from the others, as nearly always it is the only one; [`NONE`] if there is none.
    first: u32,
    others: VecDeque<u32>,
}

impl Turns {
    pub(super) const fn new() -> Self {
        Turns { first: NONE, others: VecDeque::new() }
    }

    /// Makes it as new, and keeps memory for the next run.
    pub(super) fn renew(&mut self) {
        let Turns { first, others } = self;
        *first = NONE;
        others.renew();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first == NONE
    }

    #[inline]
    pub(super) fn push(&mut self, node: u32) {
        if self.first == NONE {
            self.first = node;
        } else {
            self.others.push_back(node);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        if self.first == NONE {
            return None;
        }
        let next = self.others.pop_front().unwrap_or(NONE);
        Some(std::mem::replace(&mut self.first, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_first_is_first() {
        let mut turns = Turns::new();
        for count in 0..4 {
            (0..count).for_each(|node| turns.push(node));
            assert_eq!(turns.is_empty(), count == 0);
            if let Some(node) = turns.pop() {
                turns.push(node + 10);
            }
            let expected: Vec<u32> = (1..count).chain((count > 0).then_some(10)).collect();
            assert_eq!(std::iter::from_fn(|| turns.pop()).collect::<Vec<_>>(), expected);
        }
        (0..3).for_each(|node| turns.push(node));
        turns.renew();
        assert_eq!((turns.is_empty(), turns.pop()), (true, None));
    }
}
