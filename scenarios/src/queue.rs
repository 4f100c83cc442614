//! A bounded queue between tasks of one thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use seedbed::{Label, context};

const PUT: Label = Label::new("queue.put");
const GET: Label = Label::new("queue.get");

/// A bounded queue for any number of producers and consumers. It behaves as asyncio's does:
///
/// - `put` waits only while the queue is full, `get` only while it is empty. Neither gives way otherwise, so that a loop of
///   them may keep everybody else from running.
/// - An item is not handed over. Who was woken looks again when its turn comes; if another was quicker, it waits again,
///   at the end of the line.
///
/// ```
/// use scenarios::Queue;
/// use seedbed::{Executor, ProductionOrder, spawn};
///
/// let sum = Executor::new(ProductionOrder).block_on(async {
///     let queue = Queue::bounded(1);
///     let producer = queue.clone();
///     spawn(async move {
///         for item in 1..=3 {
///             producer.put(item).await;
///         }
///     });
///     queue.get().await + queue.get().await + queue.get().await
/// });
/// assert_eq!(sum.unwrap(), 6);
/// ```
#[derive(Debug)]
pub struct Queue<T> {
    shared: Rc<RefCell<Shared<T>>>,
}

#[derive(Debug)]
struct Shared<T> {
    items: VecDeque<T>,
    capacity: usize,
    getters: Line,
    putters: Line,
}

/// The tasks that wait at one end of the queue.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<(Ticket, Waker)>,
    next_ticket: u64,
}

/// One wait in a [`Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticket(u64);

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue { shared: Rc::clone(&self.shared) }
    }
}

impl<T> Queue<T> {
    /// An empty queue for this many items.
    ///
    /// # Panics
    /// If `capacity` is zero.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue without room would never pass an item on");
        let (getters, putters) = (Line::default(), Line::default());
        Queue { shared: Rc::new(RefCell::new(Shared { items: VecDeque::new(), capacity, getters, putters })) }
    }

    /// An empty queue that is never full.
    #[must_use]
    pub fn unbounded() -> Self {
        Queue::bounded(usize::MAX)
    }

    /// How many items are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.borrow().items.len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts an item at the end, once there is room.
    pub fn put(&self, item: T) -> Put<'_, T> {
        Put { queue: self, item: Some(item), ticket: None }
    }

    /// Takes the item at the front, once there is one.
    pub fn get(&self) -> Get<'_, T> {
        Get { queue: self, ticket: None }
    }
}

/// The future of [`Queue::put`].
#[must_use = "nothing is put until it is awaited"]
#[derive(Debug)]
pub struct Put<'a, T> {
    queue: &'a Queue<T>,
    item: Option<T>,
    ticket: Option<Ticket>,
}

// The item is moved, and never pinned.
impl<T> Unpin for Put<'_, T> {}

impl<T> Future for Put<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut shared = this.queue.shared.borrow_mut();
        if shared.items.len() >= shared.capacity {
            shared.putters.park(&mut this.ticket, context.waker());
            context::wait_at(PUT, 0);
            return Poll::Pending;
        }
        shared.items.push_back(this.item.take().expect("a put was polled after its end"));
        shared.putters.leave(this.ticket.take());
        let getter = shared.getters.call();
        drop(shared);
        wake(getter);
        Poll::Ready(())
    }
}

impl<T> Drop for Put<'_, T> {
    fn drop(&mut self) {
        let mut shared = self.queue.shared.borrow_mut();
        // If it was called and did not come, the next one may.
        let was_called = shared.putters.leave(self.ticket.take());
        let room = shared.items.len() < shared.capacity;
        let next = if was_called && room { shared.putters.call() } else { None };
        drop(shared);
        wake(next);
    }
}

/// The future of [`Queue::get`].
#[must_use = "nothing is taken until it is awaited"]
#[derive(Debug)]
pub struct Get<'a, T> {
    queue: &'a Queue<T>,
    ticket: Option<Ticket>,
}

impl<T> Future for Get<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        let mut shared = this.queue.shared.borrow_mut();
        let Some(item) = shared.items.pop_front() else {
            shared.getters.park(&mut this.ticket, context.waker());
            context::wait_at(GET, 0);
            return Poll::Pending;
        };
        shared.getters.leave(this.ticket.take());
        let putter = shared.putters.call();
        drop(shared);
        wake(putter);
        Poll::Ready(item)
    }
}

impl<T> Drop for Get<'_, T> {
    fn drop(&mut self) {
        let mut shared = self.queue.shared.borrow_mut();
        // If it was called and did not come, the next one may.
        let was_called = shared.getters.leave(self.ticket.take());
        let next = if was_called && !shared.items.is_empty() { shared.getters.call() } else { None };
        drop(shared);
        wake(next);
    }
}

/// With nothing borrowed, since a foreign waker may run code.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Line {
    /// Waits; at the end of the line, unless it stands there already.
    fn park(&mut self, ticket: &mut Option<Ticket>, waker: &Waker) {
        if let Some((_, parked)) = self.waiting.iter_mut().find(|(parked, _)| Some(*parked) == *ticket) {
            parked.clone_from(waker);
            return;
        }
        let new = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.push_back((new, waker.clone()));
        *ticket = Some(new);
    }

    /// Calls the first one, who leaves the line.
    #[must_use = "it hears of it only when it is woken"]
    fn call(&mut self) -> Option<Waker> {
        self.waiting.pop_front().map(|(_, waker)| waker)
    }

    /// Waits no longer. Whether it had been called.
    fn leave(&mut self, ticket: Option<Ticket>) -> bool {
        let Some(ticket) = ticket else { return false };
        let before = self.waiting.len();
        self.waiting.retain(|(parked, _)| *parked != ticket);
        self.waiting.len() == before
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seedbed::{Executor, KeyedRandom, ProductionOrder, spawn, time, yield_now};

    use super::*;

    #[test]
    fn items_come_out_in_the_order_of_their_puts_whatever_the_schedule() {
        for seed in 0..100 {
            let mut executor = Executor::new(KeyedRandom::new(seed));
            let got = executor.block_on(async {
                let queue = Queue::bounded(2);
                let producer = queue.clone();
                spawn(async move {
                    for item in 0..10 {
                        producer.put(item).await;
                        assert!(producer.len() <= 2, "{} items in a queue for 2", producer.len());
                    }
                });
                let mut got = Vec::new();
                for _ in 0..10 {
                    got.push(queue.get().await);
                }
                got
            });
            assert_eq!(got.unwrap(), (0..10).collect::<Vec<_>>(), "seed {seed}");
        }
    }

    #[test]
    fn a_put_into_a_full_queue_waits_until_an_item_is_taken() {
        let mut executor = Executor::new(ProductionOrder);
        let put_at = executor.block_on(async {
            let queue = Queue::bounded(1);
            let consumer = queue.clone();
            spawn(async move {
                time::sleep(Duration::from_secs(1)).await;
                consumer.get().await
            });
            queue.put(1).await;
            assert_eq!(time::elapsed(), Duration::ZERO, "there was room");
            queue.put(2).await;
            time::elapsed()
        });
        assert_eq!(put_at.unwrap(), Duration::from_secs(1));
    }

    #[test]
    fn a_get_of_an_empty_queue_is_a_deadlock_that_names_it() {
        let mut executor = Executor::new(ProductionOrder);
        let error = executor.block_on(async { Queue::<u64>::unbounded().get().await }).unwrap_err();
        assert!(error.to_string().contains("waits at queue.get"), "{error}");
    }

    #[test]
    fn a_waiter_that_is_dropped_after_it_was_called_lets_the_next_one_come() {
        let mut executor = Executor::new(ProductionOrder);
        let got = executor.block_on(async {
            let queue = Queue::bounded(1);
            let [first, second] = [(); 2].map(|()| {
                let queue = queue.clone();
                spawn(async move { queue.get().await })
            });
            yield_now().await;
            queue.put(7).await;
            first.abort();
            second.await.unwrap()
        });
        assert_eq!(got.unwrap(), 7);
    }

    #[test]
    fn a_quicker_getter_takes_the_item_and_the_called_one_waits_again() {
        let mut executor = Executor::new(ProductionOrder);
        let got = executor.block_on(async {
            let queue = Queue::bounded(1);
            let waiter = queue.clone();
            let waiting = spawn(async move { waiter.get().await });
            yield_now().await;
            queue.put(1).await;
            let quick = queue.get().await;
            yield_now().await;
            assert!(!waiting.is_finished());
            queue.put(2).await;
            (quick, waiting.await.unwrap())
        });
        assert_eq!(got.unwrap(), (1, 2));
    }

    #[test]
    #[should_panic(expected = "a queue without room would never pass an item on")]
    fn a_queue_without_room_is_refused() {
        drop(Queue::<u64>::bounded(0));
    }
}
