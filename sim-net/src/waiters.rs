//! The tasks that wait for a socket.

use std::task::Waker;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Data, a connection, or the end.
    Read,
    /// Room, or the end of the handshake.
    Write,
}

/// The wakers of the tasks that wait for the same; each task is in it once.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    /// Nearly always there is at most one. If there are others, there is this one.
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Waiters {
    #[inline]
    pub(crate) fn add(&mut self, waker: &Waker) {
        match &self.first {
            None => self.first = Some(waker.clone()),
            Some(first) if first.will_wake(waker) => {}
            Some(_) => {
                if !self.others.iter().any(|other| other.will_wake(waker)) {
                    self.others.push(waker.clone());
                }
            }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Moves all of them to where they are woken, or dropped.
    #[inline(always)]
    pub(crate) fn take_into(&mut self, taken: &mut Waiters) {
        let Some(first) = self.first.take() else { return };
        taken.push(first);
        if !self.others.is_empty() {
            self.take_others_into(taken);
        }
    }

    fn take_others_into(&mut self, taken: &mut Waiters) {
        self.others.drain(..).for_each(|waker| taken.push(waker));
    }

    #[inline]
    fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.push_other(waker);
        }
    }

    #[inline(never)]
    fn push_other(&mut self, waker: Waker) {
        self.others.push(waker);
    }

    /// Takes the only one, if there is just one.
    #[inline]
    pub(crate) fn take_only(&mut self) -> Option<Waker> {
        if self.others.is_empty() { self.first.take() } else { None }
    }

    /// Takes all, in the order in which they came.
    pub(crate) fn take_all(&mut self) -> Waiters {
        std::mem::take(self)
    }

    /// Wakes them in the order in which they came.
    pub(crate) fn wake(&mut self) {
        self.first.take().into_iter().chain(self.others.drain(..)).for_each(Waker::wake);
    }

    /// Uses the memory of others, which are gone, for the next ones.
    pub(crate) fn use_memory_of(&mut self, gone: Waiters) {
        assert!(gone.is_empty() && gone.others.is_empty(), "wakers are forgotten");
        if self.others.capacity() == 0 {
            self.others = gone.others;
        }
    }
}
