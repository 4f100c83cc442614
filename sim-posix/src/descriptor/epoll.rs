//! Which of many descriptors has something: epoll, level-triggered or edge-triggered.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use sim_executor::{Label, context};
use sim_net::syscall::WaiterId;

use super::{File, Ready, Result};

const ORDER: Label = Label::new("posix.epoll_order");

const EDGE: u32 = libc::EPOLLET as u32;
const ONE_SHOT: u32 = libc::EPOLLONESHOT as u32;
/// Always of interest.
const TROUBLE: Ready = Ready(Ready::ERROR.0 | Ready::HUNG_UP.0);

/// What is of interest at a descriptor, and what is told when it has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interest {
    pub(crate) events: u32,
    pub(crate) data: u64,
}

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurred {
    pub(crate) ready: Ready,
    pub(crate) data: u64,
}

#[derive(Default)]
pub(crate) struct Epoll {
    items: RefCell<BTreeMap<i32, Item>>,
    queue: Arc<Queue>,
    serials: Cell<u64>,
}

struct Item {
    /// `None` for a descriptor of the machine, at which nothing ever comes.
    file: Option<Weak<File>>,
    interest: Interest,
    /// It was told once, and is not looked at until it is set again.
    is_spent: bool,
    who: Option<WaiterId>,
    waker: Arc<ItemWaker>,
}

/// The descriptors at which something may have come, in that order.
#[derive(Default)]
struct Queue {
    items: Mutex<VecDeque<(i32, u64)>>,
    wakers: Mutex<Vec<(WaiterId, Waker)>>,
}

struct ItemWaker {
    queue: Arc<Queue>,
    descriptor: i32,
    serial: u64,
    is_queued: AtomicBool,
}

/// Nobody holds it when it is asked for: one thread at a time runs.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake for ItemWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.enqueue();
        let wakers = std::mem::take(&mut *lock(&self.queue.wakers));
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl ItemWaker {
    fn enqueue(&self) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            lock(&self.queue.items).push_back((self.descriptor, self.serial));
        }
    }
}

impl Epoll {
    /// Readable when something is queued.
    pub(crate) fn ready(&self) -> Ready {
        Ready::IN.when(!lock(&self.queue.items).is_empty())
    }

    /// Wakes once when something may have come.
    pub(crate) fn wait(&self, who: WaiterId, waker: &Waker) {
        let mut wakers = lock(&self.queue.wakers);
        match wakers.iter_mut().find(|(other, _)| *other == who) {
            Some((_, before)) => before.clone_from(waker),
            None => wakers.push((who, waker.clone())),
        }
    }

    pub(crate) fn wait_no_more(&self, who: WaiterId) {
        lock(&self.queue.wakers).retain(|(other, _)| *other != who);
    }

    /// How many descriptors are looked at.
    pub(crate) fn count(&self) -> usize {
        self.items.borrow().len()
    }

    /// Adds a descriptor; without a `file` it is one of the machine.
    ///
    /// # Errors
    /// `EEXIST` if it is looked at already.
    pub(crate) fn add(&self, descriptor: i32, file: Option<&Rc<File>>, interest: Interest) -> Result<()> {
        let mut items = self.items.borrow_mut();
        // The descriptor may have been closed, and lead to another file since then.
        let is_there = items.get(&descriptor).is_some_and(|item| match (&item.file, file) {
            (Some(before), Some(file)) => std::ptr::eq(before.as_ptr(), Rc::as_ptr(file)),
            (before, file) => before.is_none() && file.is_none(),
        });
        if is_there {
            return Err(libc::EEXIST);
        }
        self.serials.set(self.serials.get() + 1);
        let waker = Arc::new(ItemWaker {
            queue: Arc::clone(&self.queue),
            descriptor,
            serial: self.serials.get(),
            is_queued: AtomicBool::new(false),
        });
        let item = Item {
            who: file.map(|_| WaiterId::new()),
            file: file.map(Rc::downgrade),
            interest,
            is_spent: false,
            waker: Arc::clone(&waker),
        };
        items.insert(descriptor, item);
        drop(items);
        self.look(descriptor);
        Ok(())
    }

    /// Sets what is of interest at a descriptor.
    ///
    /// # Errors
    /// `ENOENT` if it is not looked at.
    pub(crate) fn modify(&self, descriptor: i32, interest: Interest) -> Result<()> {
        match self.items.borrow_mut().get_mut(&descriptor) {
            Some(item) => (item.interest, item.is_spent) = (interest, false),
            None => return Err(libc::ENOENT),
        }
        self.look(descriptor);
        Ok(())
    }

    /// Looks at a descriptor no more.
    ///
    /// # Errors
    /// `ENOENT` if it is not looked at.
    pub(crate) fn remove(&self, descriptor: i32) -> Result<()> {
        let item = self.items.borrow_mut().remove(&descriptor).ok_or(libc::ENOENT)?;
        if let (Some(who), Some(file)) = (item.who, item.file.as_ref().and_then(Weak::upgrade)) {
            file.wait_no_more(who);
        }
        Ok(())
    }

    /// Queues a descriptor if something is there already, and has it queued when something comes.
    pub(crate) fn look(&self, descriptor: i32) {
        let (file, waker, who, events) = match self.items.borrow().get(&descriptor) {
            Some(Item { file: Some(file), interest, who: Some(who), waker, .. }) => match file.upgrade() {
                Some(file) => (file, Arc::clone(waker), *who, interest.events),
                None => return,
            },
            _ => return,
        };
        arm(&file, who, &waker, events);
        if file.ready().has(Ready(events) | TROUBLE) {
            waker.wake();
        }
    }

    /// Looks again wherever that file is looked at: it has become another.
    pub(crate) fn look_at(&self, file: &Rc<File>) {
        let is_it =
            |item: &Item| item.file.as_ref().is_some_and(|it| std::ptr::eq(it.as_ptr(), Rc::as_ptr(file)));
        let items = self.items.borrow();
        let all: Vec<i32> =
            items.iter().filter(|(_, item)| is_it(item)).map(|(descriptor, _)| *descriptor).collect();
        drop(items);
        all.into_iter().for_each(|descriptor| self.look(descriptor));
    }

    /// What has come, at most so much of it. What is of level is queued again.
    pub(crate) fn take(&self, count_max: usize) -> Vec<Occurred> {
        let mut queue: VecDeque<(i32, u64)> = std::mem::take(&mut *lock(&self.queue.items));
        if queue.len() > 1 {
            shuffle(queue.make_contiguous());
        }
        let mut occurred = Vec::new();
        let mut again = Vec::new();
        while occurred.len() < count_max {
            let Some((descriptor, serial)) = queue.pop_front() else { break };
            let Some((file, interest, is_spent, who, waker)) = self.queued_item(descriptor, serial) else {
                continue;
            };
            waker.is_queued.store(false, Ordering::Relaxed);
            arm(&file, who, &waker, interest.events);
            let ready = file.ready() & (Ready(interest.events) | TROUBLE);
            if ready.is_empty() || is_spent {
                continue;
            }
            occurred.push(Occurred { ready, data: interest.data });
            if interest.events & ONE_SHOT != 0 {
                if let Some(item) = self.items.borrow_mut().get_mut(&descriptor) {
                    item.is_spent = true;
                }
            } else if interest.events & EDGE == 0 {
                again.push(waker);
            }
        }
        let mut items = lock(&self.queue.items);
        for left in queue.into_iter().rev() {
            items.push_front(left);
        }
        drop(items);
        again.iter().for_each(|waker| waker.enqueue());
        occurred
    }

    #[expect(clippy::type_complexity, reason = "the parts of an item, taken out so that nothing is borrowed")]
    fn queued_item(
        &self,
        descriptor: i32,
        serial: u64,
    ) -> Option<(Rc<File>, Interest, bool, WaiterId, Arc<ItemWaker>)> {
        let items = self.items.borrow();
        let item = items.get(&descriptor).filter(|item| item.waker.serial == serial)?;
        let file = item.file.as_ref()?.upgrade()?;
        Some((file, item.interest, item.is_spent, item.who?, Arc::clone(&item.waker)))
    }
}

/// Has an item queued when something comes.
fn arm(file: &File, who: WaiterId, waker: &Arc<ItemWaker>, events: u32) {
    let reading = Ready(events).has(Ready::IN | Ready::READ_CLOSED);
    let writing = Ready(events).has(Ready::OUT);
    // An error comes with what is to be written, of some sockets.
    file.wait(who, &Waker::from(Arc::clone(waker)), reading || !writing, writing || !reading);
}

/// Edges come in an order that the run decides; the gentlest is that in which they came.
fn shuffle(items: &mut [(i32, u64)]) {
    let actor = context::current_actor();
    for position in 1..items.len() {
        let back = context::ask_int(actor, ORDER, 0, position as u64, 0) as usize;
        items.swap(position, position - back);
    }
}
