//! A bounded queue that is not fair: `asyncio.Queue`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use sim_executor::Label;

use crate::event::Event;
use crate::exc::Exc;
use crate::waiters::Waiters;

const GET: Label = Label::new("asyncio.queue.get");
const PUT: Label = Label::new("asyncio.queue.put");
const JOIN: Label = Label::new("asyncio.queue.join");

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue is full")]
pub struct QueueFull;

/// The queue is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue is empty")]
pub struct QueueEmpty;

/// `task_done` was called more often than there were items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task_done() called too many times")]
pub struct TooManyDone;

impl From<QueueFull> for Exc {
    fn from(_: QueueFull) -> Self {
        Exc::raised("QueueFull", "")
    }
}

impl From<QueueEmpty> for Exc {
    fn from(_: QueueEmpty) -> Self {
        Exc::raised("QueueEmpty", "")
    }
}

impl From<TooManyDone> for Exc {
    fn from(error: TooManyDone) -> Self {
        Exc::raised("ValueError", error)
    }
}

/// A queue of at most so many items. Cloning gives another reference.
///
/// `put` and `get` do not suspend while there is room or an item. An item is not handed to who waits for it: that task is
/// woken, looks again when its turn comes, and goes to the end of the line if another one was quicker.
pub struct Queue<T>(Rc<State<T>>);

struct State<T> {
    items: RefCell<VecDeque<T>>,
    /// Zero: no bound.
    items_max: usize,
    getters: Waiters,
    putters: Waiters,
    unfinished: Cell<u64>,
    finished: Event,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue(Rc::clone(&self.0))
    }
}

impl<T> Queue<T> {
    /// A queue for at most `items_max` items; zero is no bound.
    #[must_use]
    pub fn new(items_max: usize) -> Self {
        let finished = Event::with_label(JOIN);
        finished.set();
        Queue(Rc::new(State {
            items: RefCell::default(),
            items_max,
            getters: Waiters::new(GET),
            putters: Waiters::new(PUT),
            unfinished: Cell::new(0),
            finished,
        }))
    }

    /// A queue without a bound.
    #[must_use]
    pub fn unbounded() -> Self {
        Queue::new(0)
    }

    /// How many items are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    /// Whether no item is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.items_max > 0 && self.len() >= self.0.items_max
    }

    /// Adds an item, when there is room.
    ///
    /// # Errors
    /// [`Exc::Cancelled`]; the item is lost then.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn put(&self, item: T) -> Result<(), Exc> {
        while self.is_full() {
            self.park(&self.0.putters, || !self.is_full()).await?;
        }
        self.add(item);
        Ok(())
    }

    /// Adds an item if there is room.
    ///
    /// # Errors
    /// When the queue is full, and the item is lost.
    pub fn put_nowait(&self, item: T) -> Result<(), QueueFull> {
        if self.is_full() {
            return Err(QueueFull);
        }
        self.add(item);
        Ok(())
    }

    /// Takes the first item, when there is one.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn get(&self) -> Result<T, Exc> {
        loop {
            if let Ok(item) = self.get_nowait() {
                return Ok(item);
            }
            self.park(&self.0.getters, || !self.is_empty()).await?;
        }
    }

    /// Takes the first item if there is one.
    ///
    /// # Errors
    /// When the queue is empty.
    pub fn get_nowait(&self) -> Result<T, QueueEmpty> {
        let item = self.0.items.borrow_mut().pop_front().ok_or(QueueEmpty)?;
        self.0.putters.wake_next();
        Ok(item)
    }

    /// Says that an item that was taken out has been dealt with.
    ///
    /// # Errors
    /// When it was said of all items already.
    pub fn task_done(&self) -> Result<(), TooManyDone> {
        let left = self.0.unfinished.get().checked_sub(1).ok_or(TooManyDone)?;
        self.0.unfinished.set(left);
        if left == 0 {
            self.0.finished.set();
        }
        Ok(())
    }

    /// Waits until `task_done` was called for every item.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn join(&self) -> Result<(), Exc> {
        if self.0.unfinished.get() > 0 {
            self.0.finished.wait().await?;
        }
        Ok(())
    }

    fn add(&self, item: T) {
        self.0.items.borrow_mut().push_back(item);
        self.0.unfinished.set(self.0.unfinished.get() + 1);
        self.0.finished.clear();
        self.0.getters.wake_next();
    }

    /// Waits in a line to be woken. Who is cancelled after having been woken passes that on.
    async fn park(&self, line: &Waiters, may_go_on: impl Fn() -> bool) -> Result<(), Exc> {
        let place = line.join();
        let woken = place.woken().await;
        if woken.is_err() {
            let future = place.future.clone();
            future.cancel();
            drop(place);
            if may_go_on() && !future.is_cancelled() {
                line.wake_next();
            }
        }
        woken
    }
}
