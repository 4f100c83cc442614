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
    /// Nearly always there is at most one.
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
        self.first.is_none() && self.others.is_empty()
    }

    /// Moves all of them to where they are woken, or dropped.
    #[inline]
    pub(crate) fn take_into(&mut self, taken: &mut Waiters) {
        if let Some(first) = self.first.take() {
            taken.push(first);
            if !self.others.is_empty() {
                self.others.drain(..).for_each(|other| taken.push(other));
            }
        }
    }

    #[inline]
    fn push(&mut self, waker: Waker) {
        if self.first.is_none() && self.others.is_empty() {
            self.first = Some(waker);
        } else {
            self.others.push(waker);
        }
    }

    /// The one that has waited longest. The others are to be taken next.
    #[inline]
    pub(crate) fn take_first(&mut self) -> Option<Waker> {
        self.first.take()
    }

    pub(crate) fn take_others(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.others)
    }
}
