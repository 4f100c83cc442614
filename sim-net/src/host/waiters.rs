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
    #[inline]
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

    /// Takes the one that has waited longest, with the others.
    #[inline]
    pub(crate) fn take_all(&mut self) -> Option<(Waker, Vec<Waker>)> {
        let first = self.first.take()?;
        Some((first, std::mem::take(&mut self.others)))
    }
}
