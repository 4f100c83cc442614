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
        if self.first.is_none() {
            return;
        }
        if taken.is_empty() && self.others.is_empty() {
            taken.first = self.first.take();
        } else {
            self.take_all_into(taken);
        }
    }

    fn take_all_into(&mut self, taken: &mut Waiters) {
        for waker in self.first.take().into_iter().chain(self.others.drain(..)) {
            taken.push(waker);
        }
    }

    fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.others.push(waker);
        }
    }

    /// Takes the only one, if there is just one.
    #[inline]
    pub(crate) fn take_only(&mut self) -> Option<Waker> {
        if self.others.is_empty() { self.first.take() } else { None }
    }

    /// Takes all, in the order in which they came.
    pub(crate) fn take_all(&mut self) -> Vec<Waker> {
        self.first.take().into_iter().chain(self.others.drain(..)).collect()
    }
}
