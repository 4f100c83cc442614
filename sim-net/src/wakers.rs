//! Wakers that are to be woken, or dropped, once nothing is borrowed.

use std::task::Waker;

/// Wakers in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    /// Nearly always there is at most one. If there are others, there is this one.
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Wakers {
    #[inline(always)]
    pub(crate) fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.others.push(waker);
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Takes the only one, if there is just one.
    #[inline]
    pub(crate) fn take_only(&mut self) -> Option<Waker> {
        if self.others.is_empty() { self.first.take() } else { None }
    }

    /// Takes all, in the order in which they came.
    pub(crate) fn take_all(&mut self) -> Wakers {
        std::mem::take(self)
    }

    /// Wakes them in the order in which they came.
    pub(crate) fn wake(&mut self) {
        self.drain().for_each(Waker::wake);
    }

    /// Takes them one by one, in the order in which they came.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Waker> {
        // One list is gone through in fewer steps than two.
        if let Some(first) = self.first.take() {
            self.others.insert(0, first);
        }
        self.others.drain(..)
    }

    /// Uses the memory of others, which are gone, for the next ones.
    pub(crate) fn use_memory_of(&mut self, gone: Wakers) {
        assert!(gone.is_empty() && gone.others.is_empty(), "wakers are forgotten");
        if self.others.capacity() == 0 {
            self.others = gone.others;
        }
    }
}
