//! Those who wait at something that is no socket.

use std::cell::RefCell;
use std::task::Waker;

use sim_net::syscall::WaiterId;

/// Who waits, in the order in which they began. Each is woken once.
#[derive(Default)]
pub(crate) struct Waiting(RefCell<Vec<(WaiterId, Waker)>>);

impl Waiting {
    /// Has somebody woken, in place of what that one waited for before.
    pub(crate) fn add(&self, who: WaiterId, waker: &Waker) {
        let mut all = self.0.borrow_mut();
        match all.iter_mut().find(|(other, _)| *other == who) {
            Some((_, before)) => before.clone_from(waker),
            None => all.push((who, waker.clone())),
        }
    }

    pub(crate) fn remove(&self, who: WaiterId) {
        self.0.borrow_mut().retain(|(other, _)| *other != who);
    }

    /// Wakes all, with nothing borrowed.
    pub(crate) fn wake(&self) {
        let all = std::mem::take(&mut *self.0.borrow_mut());
        all.into_iter().for_each(|(_, waker)| waker.wake());
    }
}
