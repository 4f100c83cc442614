//! A bounded queue that is not fair: `asyncio.Queue`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use sim_executor::Label;

use crate::event::Event;
use crate::exc::Exc;
use crate::queue_error::{GetError, PutError, TooManyDone};
use crate::queue_items::QueueItems;
use crate::waiters::Waiters;

const GET: Label = Label::new("asyncio.queue.get");
const PUT: Label = Label::new("asyncio.queue.put");
const JOIN: Label = Label::new("asyncio.queue.join");

/// A queue of at most so many items. Cloning gives another reference.
///
/// `put` and `get` do not suspend while there is room or an item. An item is not handed to who waits for it: that task is
/// woken, looks again when its turn comes, and goes to the end of the line if another one was quicker.
///
/// [`Queue::lifo`] and [`Queue::priority`] give the newest and the least item first.
pub struct Queue<T>(Rc<State<T>>, Handles);

/// As many references as there are to the queue, of no type that could hold a borrow.
type Handles = Rc<()>;

struct State<T> {
    items: RefCell<QueueItems<T>>,
    /// Zero: no bound.
    items_max: usize,
    getters: Waiters,
    putters: Waiters,
    unfinished: Cell<u64>,
    finished: Event,
    is_shut_down: Cell<bool>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue(Rc::clone(&self.0), Rc::clone(&self.1))
    }
}

impl<T> Queue<T> {
    /// A queue for at most `items_max` items; zero is no bound.
    #[must_use]
    pub fn new(items_max: usize) -> Self {
        Queue::of(items_max, QueueItems::Fifo(VecDeque::new()))
    }

    /// A queue that gives the newest item first: `asyncio.LifoQueue`.
    #[must_use]
    pub fn lifo(items_max: usize) -> Self {
        Queue::of(items_max, QueueItems::Lifo(Vec::new()))
    }

    /// A queue that gives the least item first, and of equal ones the one that CPython's `heapq` gives:
    /// `asyncio.PriorityQueue`.
    ///
    /// ```
    /// let queue = sim_asyncio::Queue::priority(0);
    /// for item in [(3, "later"), (1, "first"), (2, "second")] {
    ///     queue.put_nowait(item).unwrap();
    /// }
    /// assert_eq!(queue.get_nowait(), Ok((1, "first")));
    /// ```
    #[must_use]
    pub fn priority(items_max: usize) -> Self
    where
        T: Ord,
    {
        Queue::of(items_max, QueueItems::Priority { heap: Vec::new(), less: |one, other| one < other })
    }

    fn of(items_max: usize, items: QueueItems<T>) -> Self {
        let finished = Event::with_label(JOIN);
        finished.set();
        let state = Rc::new(State {
            items: RefCell::new(items),
            items_max,
            getters: Waiters::new(GET),
            putters: Waiters::new(PUT),
            unfinished: Cell::new(0),
            finished,
            is_shut_down: Cell::new(false),
        });
        Queue(state, Rc::new(()))
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
    /// [`Exc::Cancelled`], `QueueShutDown`; the item is lost then.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn put(&self, item: T) -> Result<(), Exc> {
        while self.is_full() {
            if self.0.is_shut_down.get() {
                return Err(PutError::QueueShutDown.into());
            }
            self.park(&self.0.putters, || !self.is_full()).await?;
        }
        Ok(self.put_nowait(item)?)
    }

    /// Adds an item if there is room.
    ///
    /// # Errors
    /// When the queue is full, or was shut down, and the item is lost.
    pub fn put_nowait(&self, item: T) -> Result<(), PutError> {
        if self.0.is_shut_down.get() {
            return Err(PutError::QueueShutDown);
        }
        if self.is_full() {
            return Err(PutError::QueueFull);
        }
        self.0.items.borrow_mut().push(item);
        self.0.unfinished.set(self.0.unfinished.get() + 1);
        self.0.finished.clear();
        self.0.getters.wake_next();
        Ok(())
    }

    /// Takes the first item, when there is one.
    ///
    /// # Errors
    /// [`Exc::Cancelled`], `QueueShutDown`.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn get(&self) -> Result<T, Exc> {
        loop {
            match self.get_nowait() {
                Ok(item) => return Ok(item),
                Err(GetError::QueueEmpty) => {}
                Err(error) => return Err(error.into()),
            }
            self.park(&self.0.getters, || !self.is_empty()).await?;
        }
    }

    /// Takes the first item if there is one.
    ///
    /// # Errors
    /// When the queue is empty.
    pub fn get_nowait(&self) -> Result<T, GetError> {
        let item = self.0.items.borrow_mut().pop();
        let is_shut_down = self.0.is_shut_down.get();
        let item = item.ok_or(if is_shut_down { GetError::QueueShutDown } else { GetError::QueueEmpty })?;
        self.0.putters.wake_next();
        Ok(item)
    }

    /// Shuts it down: from now on nothing can be put, and who gets is refused when it is empty. Who waits is woken, to be
    /// refused or to take what is left. If `immediate`, what is left is dropped, and counts as done. As in Python 3.13.
    ///
    /// ```
    /// use sim_asyncio::{GetError, PutError, Queue};
    ///
    /// let queue = Queue::unbounded();
    /// queue.put_nowait(1).unwrap();
    /// queue.shutdown(false);
    /// assert_eq!(queue.put_nowait(2), Err(PutError::QueueShutDown));
    /// assert_eq!([queue.get_nowait(), queue.get_nowait()], [Ok(1), Err(GetError::QueueShutDown)]);
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        self.0.is_shut_down.set(true);
        if immediate {
            loop {
                let item = self.0.items.borrow_mut().pop();
                if item.is_none() {
                    break;
                }
                self.0.unfinished.set(self.0.unfinished.get().saturating_sub(1));
            }
            if self.0.unfinished.get() == 0 {
                self.0.finished.set();
            }
        }
        self.0.getters.wake_all_out();
        self.0.putters.wake_all_out();
    }

    /// Whether it was shut down.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.0.is_shut_down.get()
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
            self.0.finished.wait_as(None).await?;
        }
        Ok(())
    }

    /// Waits in a line to be woken. Who is cancelled after having been woken passes that on.
    async fn park(&self, line: &Waiters, may_go_on: impl Fn() -> bool) -> Result<(), Exc> {
        let owner: Weak<dyn Any> = Rc::<()>::downgrade(&self.1);
        let place = line.join(Some(owner));
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
