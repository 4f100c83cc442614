//! Who waits for one direction of a socket, and whether it counts as ready, as tokio keeps both.
//!
//! A socket of tokio has one place for a waker in each direction, which all calls named `poll_*` share: who polls last is
//! woken, and a task that polled before is forgotten (`tokio::net::TcpStream::poll_read_ready`). Futures, such as that of
//! `readable()`, wait in a list besides, from which each is taken when it is dropped. A direction counts as ready from when the
//! kernel says so until a call would block, so that it may be ready for nothing (`tokio::io::Ready`).

use std::task::Waker;

use crate::wakers::Wakers;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Data, a connection, or the end.
    Read,
    /// Room, or the end of the handshake.
    Write,
    /// An error, without data or room.
    Error,
}

/// A future that waits at a socket, in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(pub(crate) u64);

/// Those who wait for one direction of a socket.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    /// Whether something has come, and no call has found since that it would block.
    is_ready: bool,
    /// Who has polled last.
    poller: Option<Waker>,
    /// The futures, in the order in which they began to wait.
    futures: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    id: WaitId,
    waker: Waker,
    wakes_for: For,
}

/// For what a future is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// Data or room.
    Progress,
    /// An error that comes without either.
    Error,
    Both,
}

impl Waiters {
    /// Of a direction that is ready from the beginning.
    pub(crate) fn ready() -> Self {
        Waiters { is_ready: true, ..Waiters::default() }
    }

    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready
    }

    #[inline]
    pub(crate) fn set_ready(&mut self, is_ready: bool) {
        self.is_ready = is_ready;
    }

    /// Has this waker woken in place of that of who has polled before, which is given back.
    #[inline]
    pub(crate) fn set_poller(&mut self, waker: &Waker) -> Option<Waker> {
        match &self.poller {
            Some(poller) if poller.will_wake(waker) => None,
            _ => self.poller.replace(waker.clone()),
        }
    }

    /// A call of who polls would block: its direction is not ready, and it is woken.
    #[inline]
    pub(crate) fn would_block(&mut self, waker: &Waker, garbage: &mut Wakers) {
        self.is_ready = false;
        if let Some(former) = self.set_poller(waker) {
            garbage.push(former);
        }
    }

    /// Has a future woken, by this waker in place of the one that it had before, which is given back.
    #[inline]
    pub(crate) fn enlist(&mut self, id: WaitId, waker: &Waker, wakes_for: For) -> Option<Waker> {
        if !self.futures.is_empty() {
            return self.enlist_among_others(id, waker, wakes_for);
        }
        self.futures.push(Listed { id, waker: waker.clone(), wakes_for });
        None
    }

    #[inline(never)]
    fn enlist_among_others(&mut self, id: WaitId, waker: &Waker, wakes_for: For) -> Option<Waker> {
        match self.futures.iter_mut().find(|listed| listed.id == id) {
            Some(listed) if listed.waker.will_wake(waker) => None,
            Some(listed) => Some(std::mem::replace(&mut listed.waker, waker.clone())),
            None => {
                self.futures.push(Listed { id, waker: waker.clone(), wakes_for });
                None
            }
        }
    }

    /// Whether a future is still to be woken.
    pub(crate) fn has(&self, id: WaitId) -> bool {
        self.futures.iter().any(|listed| listed.id == id)
    }

    /// A future waits no more.
    #[inline]
    pub(crate) fn delist(&mut self, id: WaitId) -> Option<Waker> {
        if self.futures.is_empty() { None } else { self.find_and_delist(id) }
    }

    #[inline(never)]
    fn find_and_delist(&mut self, id: WaitId) -> Option<Waker> {
        let place = self.futures.iter().position(|listed| listed.id == id)?;
        Some(self.futures.remove(place).waker)
    }

    /// Something has come: it is ready, and all are moved to where they are woken.
    #[inline(always)]
    pub(crate) fn wake_into(&mut self, wakes: &mut Wakers) {
        self.is_ready = true;
        if let Some(poller) = self.poller.take() {
            wakes.push(poller);
        }
        if !self.futures.is_empty() {
            self.take_futures_into(wakes, For::Progress);
        }
    }

    /// An error has come, and nothing else: only those are woken who wait for that.
    pub(crate) fn wake_for_error_into(&mut self, wakes: &mut Wakers) {
        self.take_futures_into(wakes, For::Error);
    }

    /// Moves all of them to where they are dropped.
    pub(crate) fn take_into(&mut self, taken: &mut Wakers) {
        if let Some(poller) = self.poller.take() {
            taken.push(poller);
        }
        self.futures.drain(..).for_each(|listed| taken.push(listed.waker));
    }

    #[inline]
    fn take_futures_into(&mut self, taken: &mut Wakers, what: For) {
        if self.futures.len() == 1
            && let Some(only) =
                self.futures.pop_if(|only| only.wakes_for == what || only.wakes_for == For::Both)
        {
            return taken.push(only.waker);
        }
        self.take_many_into(taken, what);
    }

    #[inline(never)]
    fn take_many_into(&mut self, taken: &mut Wakers, what: For) {
        let is_woken = |listed: &mut Listed| listed.wakes_for == what || listed.wakes_for == For::Both;
        self.futures.extract_if(.., is_woken).for_each(|listed| taken.push(listed.waker));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count(AtomicU32::new(0)));
        (Arc::clone(&count), count.into())
    }

    #[test]
    fn an_error_wakes_who_waits_for_one() {
        let mut waiters = Waiters::default();
        let [(a, waker_a), (b, waker_b)] = [(); 2].map(|()| counted());
        waiters.set_poller(&waker_a);
        waiters.enlist(WaitId(1), &waker_a, For::Progress);
        waiters.enlist(WaitId(2), &waker_b, For::Both);
        waiters.enlist(WaitId(3), &waker_b, For::Error);
        let mut wakers = Wakers::default();
        waiters.wake_for_error_into(&mut wakers);
        wakers.wake();
        assert!(!waiters.is_ready());
        assert_eq!([&a, &b].map(|count| count.0.load(Ordering::Relaxed)), [0, 2]);
        assert_eq!(woken(&mut waiters, [&a, &b]), [2, 2]);
    }

    fn woken(waiters: &mut Waiters, counts: [&Arc<Count>; 2]) -> [u32; 2] {
        let mut wakers = Wakers::default();
        waiters.wake_into(&mut wakers);
        wakers.wake();
        counts.map(|count| count.0.load(Ordering::Relaxed))
    }

    #[test]
    fn of_those_who_poll_the_last_is_woken_and_of_futures_each() {
        let mut waiters = Waiters::default();
        let [(a, waker_a), (b, waker_b)] = [(); 2].map(|()| counted());
        assert!(waiters.set_poller(&waker_a).is_none());
        assert!(waiters.set_poller(&waker_b).is_some_and(|former| former.will_wake(&waker_a)));
        assert_eq!(woken(&mut waiters, [&a, &b]), [0, 1]);
        for (id, waker) in [(1, &waker_a), (2, &waker_b)] {
            assert!(waiters.enlist(WaitId(id), waker, For::Progress).is_none());
        }
        assert_eq!(woken(&mut waiters, [&a, &b]), [1, 2]);
        assert_eq!(woken(&mut waiters, [&a, &b]), [1, 2], "each is woken once");
    }

    #[test]
    fn a_future_has_one_waker_and_none_once_it_is_gone() {
        let mut waiters = Waiters::default();
        let [(a, waker_a), (b, waker_b)] = [(); 2].map(|()| counted());
        waiters.enlist(WaitId(1), &waker_a, For::Progress);
        assert!(waiters.enlist(WaitId(1), &waker_b, For::Progress).is_some());
        assert_eq!(woken(&mut waiters, [&a, &b]), [0, 1]);
        waiters.enlist(WaitId(1), &waker_a, For::Progress);
        assert!(waiters.has(WaitId(1)) && waiters.delist(WaitId(1)).is_some());
        assert_eq!(woken(&mut waiters, [&a, &b]), [0, 1]);
    }
}
