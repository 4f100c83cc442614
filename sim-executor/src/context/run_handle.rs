//! The run of a device, at hand.

use std::rc::Rc;
use std::task::Waker;

use super::{waker, with};
use crate::clock::Instant;
use crate::run::Run;

/// The run of a device: for one that is called often, and so does not look each time which run the thread is in. What it does is
/// what the functions of [`context`](crate::context) do, in its own run also while another is the current one.
///
/// It keeps the memory of the run. So a device that outlives its run puts [`RunHandle::default`] in its place, which is of no run.
///
/// ```
/// use sim_executor::context::{self, RunHandle};
/// use sim_executor::{Executor, ProductionOrder};
///
/// Executor::new(ProductionOrder).enter(|| {
///     let run = RunHandle::current();
///     assert_eq!(run.now(), context::now());
/// });
/// ```
#[derive(Default)]
pub struct RunHandle(Option<Rc<Run>>);

impl RunHandle {
    /// That of the current run.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn current() -> RunHandle {
        with(|run| RunHandle(Some(Rc::clone(run))))
    }

    #[inline(always)]
    fn run(&self) -> &Run {
        self.0.as_ref().expect("a device is used in its run")
    }

    /// As [`context::now`](super::now).
    ///
    /// # Panics
    /// If it is of no run, as all that follow.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Instant {
        self.run().core().local_now()
    }

    /// As [`context::hash`](super::hash).
    #[inline]
    pub fn hash_word(&self, word: u64) {
        self.run().core_mut().decisions.hash(word);
    }

    /// Wakes a task of the run. Any other waker is given back: it may run code of others, so that it is to be woken with nothing
    /// borrowed.
    #[inline]
    #[must_use = "a waker that is given back is to be woken"]
    pub fn wake(&self, waker: Waker) -> Option<Waker> {
        waker::wake_in(self.run(), waker)
    }

    /// [`RunHandle::wake`] for several, in their order, up to the first that is given back. After that one it is to be called again.
    #[inline]
    #[must_use = "a waker that is given back is to be woken, and then the others"]
    pub fn wake_all(&self, wakers: &mut impl Iterator<Item = Waker>) -> Option<Waker> {
        waker::wake_all_in(self.run(), wakers)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::{Executor, ProductionOrder, context};

    #[test]
    fn a_handle_does_what_the_functions_of_the_context_do() {
        let hash_of = |word: fn(u64)| {
            let mut executor = Executor::new(ProductionOrder);
            executor.enter(|| word(7));
            executor.finish(crate::Outcome::Done).hash
        };
        assert_eq!(hash_of(|word| RunHandle::current().hash_word(word)), hash_of(context::hash));
        assert_ne!(hash_of(|word| RunHandle::current().hash_word(word)), hash_of(|_| ()));
    }

    #[test]
    fn a_handle_wakes_the_tasks_of_its_run_and_gives_all_others_back() {
        let other = Executor::new(ProductionOrder).enter(RunHandle::current);
        let woken = Executor::new(ProductionOrder).block_on(async move {
            let run = RunHandle::current();
            let parked = Rc::new(RefCell::new(None));
            let waiting = crate::spawn({
                let parked = Rc::clone(&parked);
                poll_fn(move |context| match parked.replace(Some(context.waker().clone())) {
                    None => Poll::Pending,
                    Some(_) => Poll::Ready("woken"),
                })
            });
            crate::yield_now().await;
            let waker: Waker = parked.borrow().clone().expect("it was polled");
            assert!(other.wake(waker.clone()).is_some(), "it is of another run");
            assert!(run.wake(Waker::noop().clone()).is_some(), "it is no task's");
            crate::yield_now().await;
            assert!(!waiting.is_finished());
            assert!(run.wake(waker).is_none());
            waiting.await.expect("it does not panic")
        });
        assert_eq!(woken.expect("the program ends"), "woken");
    }

    #[test]
    fn several_wakers_are_taken_in_their_order_up_to_one_that_is_no_tasks() {
        let woken = Executor::new(ProductionOrder).block_on(async {
            let (parked, log) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
            let tasks = ["first", "second", "third"].map(|name| {
                let (parked, log) = (Rc::clone(&parked), Rc::clone(&log));
                crate::spawn(async move {
                    let mut is_first = true;
                    poll_fn(|context| {
                        if !std::mem::take(&mut is_first) {
                            return Poll::Ready(());
                        }
                        parked.borrow_mut().push(context.waker().clone());
                        Poll::Pending
                    })
                    .await;
                    log.borrow_mut().push(name);
                })
            });
            crate::yield_now().await;
            let mut wakers: Vec<Waker> = parked.take();
            wakers.swap(0, 1);
            wakers.insert(1, Waker::noop().clone());
            let (run, mut left) = (RunHandle::current(), wakers.into_iter());
            assert!(run.wake_all(&mut left).is_some_and(|foreign| foreign.will_wake(Waker::noop())));
            assert_eq!(left.len(), 2, "those behind it are left");
            assert!(run.wake_all(&mut left).is_none());
            for task in tasks {
                task.await.expect("it was woken");
            }
            log.take()
        });
        assert_eq!(woken.expect("the program ends"), ["second", "first", "third"]);
    }
}
