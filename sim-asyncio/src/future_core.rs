//! What a future is apart from its value: a status, its callbacks, the way to cancel it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::Waker;

use crate::await_point::{Cancel, Start};
use crate::exc::Exc;
use crate::loop_core::LoopCore;
use crate::report::Report;
use crate::thread::Entry;
use crate::vars::Call;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Done,
    Failed(Exc),
    Cancelled,
}

/// What happens in the loop when a future is settled.
pub(crate) enum Callback {
    /// A step of the task that awaits it.
    Wake(Waker),
    Call(Call),
    /// The next step of a task that was started eagerly, and that the executor does not know yet.
    Start(Weak<dyn Start>),
}

/// What `cancel` means for a future.
pub(crate) enum Canceller {
    Plain,
    Task(Weak<dyn Cancel>),
    Gather { children: Vec<Rc<FutureCore>>, requested: Rc<Cell<bool>> },
}

pub(crate) struct FutureCore {
    loop_core: Rc<LoopCore>,
    status: RefCell<Status>,
    /// With their numbers, in the order of their registration.
    callbacks: RefCell<Vec<(u64, Callback)>>,
    callbacks_added: Cell<u64>,
    canceller: RefCell<Canceller>,
    /// What was said by who cancelled it.
    cancel_message: RefCell<Option<Rc<str>>>,
    /// Whether that belongs to an exception, which is raised in the first who asks only.
    is_said_once: Cell<bool>,
    /// The primitive in whose line it stands.
    owner: RefCell<Option<Weak<dyn Any>>>,
    /// Whether somebody has seen how it ended.
    retrieved: Cell<bool>,
    /// The number and the name of the task whose result it is, if it is that of one.
    task: Option<(u64, Rc<str>)>,
}

impl FutureCore {
    pub(crate) fn new(loop_core: Rc<LoopCore>, task: Option<(u64, Rc<str>)>) -> Rc<Self> {
        Rc::new(FutureCore {
            loop_core,
            status: RefCell::new(Status::Pending),
            callbacks: RefCell::default(),
            callbacks_added: Cell::new(0),
            canceller: RefCell::new(Canceller::Plain),
            cancel_message: RefCell::new(None),
            is_said_once: Cell::new(false),
            owner: RefCell::new(None),
            retrieved: Cell::new(false),
            task,
        })
    }

    pub(crate) fn loop_core(&self) -> &Rc<LoopCore> {
        &self.loop_core
    }

    pub(crate) fn set_canceller(&self, canceller: Canceller) {
        *self.canceller.borrow_mut() = canceller;
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.status.borrow() == Status::Cancelled
    }

    /// Cancels it, or lets it end by a cancellation that was raised, with this message.
    pub(crate) fn settle_cancelled(&self, message: Option<Rc<str>>, is_said_once: bool) -> bool {
        if self.is_done() {
            return false;
        }
        *self.cancel_message.borrow_mut() = message;
        self.is_said_once.set(is_said_once);
        self.settle(Status::Cancelled)
    }

    /// Lets it fail with a cancellation that has this message.
    pub(crate) fn fail_cancelled(&self, message: Option<Rc<str>>) {
        *self.cancel_message.borrow_mut() = message;
        self.settle(Status::Failed(Exc::Cancelled));
    }

    /// The message of the cancellation that it raises in who asks now.
    pub(crate) fn take_cancel_message(&self) -> Option<Rc<str>> {
        if self.is_said_once.get() {
            self.cancel_message.take()
        } else {
            self.cancel_message.borrow().clone()
        }
    }

    /// Notes the primitive in whose line it stands.
    pub(crate) fn set_owner(&self, owner: Option<Weak<dyn Any>>) {
        *self.owner.borrow_mut() = owner;
    }

    /// How it ended; the exception counts as retrieved.
    pub(crate) fn status(&self) -> Status {
        let status = self.status.borrow().clone();
        if matches!(status, Status::Failed(_)) {
            self.retrieved.set(true);
        }
        status
    }

    /// Whether it has failed, by something else than a cancellation; says nothing of what it was.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(*self.status.borrow(), Status::Failed(_))
    }

    /// Whether it has failed with an exception that has ended the run of the loop; that counts as retrieved.
    pub(crate) fn has_ended_the_run(&self) -> bool {
        matches!(self.status(), Status::Failed(exc) if exc.ends_the_run())
    }

    /// Whether it is that of the task whose step is running.
    pub(crate) fn is_current_task(&self) -> bool {
        self.task.as_ref().is_some_and(|(number, _)| self.loop_core.current_task() == Some(*number))
    }

    /// Notes that the current task waits for it.
    pub(crate) fn note_waiter(self: &Rc<Self>) {
        self.loop_core.note_waiter(Rc::<Self>::clone(self));
    }

    /// Ends it, if it is pending: schedules every callback in the order of registration.
    pub(crate) fn settle(&self, status: Status) -> bool {
        if self.is_done() {
            return false;
        }
        *self.status.borrow_mut() = status;
        for (_, callback) in self.callbacks.take() {
            self.schedule(callback);
        }
        true
    }

    fn schedule(&self, callback: Callback) {
        match callback {
            Callback::Wake(waker) => self.loop_core.enqueue_unless_asleep(Entry::Step(waker)),
            Callback::Call(call) => drop(self.loop_core.call_soon_with(call)),
            Callback::Start(task) => {
                if let Some(task) = task.upgrade() {
                    task.start();
                }
            }
        }
    }

    /// Registers a callback; on a settled future it is scheduled at once.
    pub(crate) fn add_callback(&self, callback: Callback) -> u64 {
        let number = self.callbacks_added.get();
        self.callbacks_added.set(number + 1);
        if self.is_done() {
            self.schedule(callback);
        } else {
            self.callbacks.borrow_mut().push((number, callback));
        }
        number
    }

    /// Registers a function, which will see what context variables hold now.
    pub(crate) fn add_call(&self, callback: impl FnOnce() + 'static) -> u64 {
        self.add_callback(Callback::Call(self.loop_core.call(Box::new(callback))))
    }

    pub(crate) fn remove_callback(&self, number: u64) {
        let mut callbacks = self.callbacks.borrow_mut();
        let position = callbacks.iter().position(|(other, _)| *other == number);
        let removed = position.map(|position| callbacks.remove(position));
        drop(callbacks);
        drop(removed); // with nothing borrowed: it may hold anything
    }

    /// Drops all callbacks, since the future will never be settled.
    pub(crate) fn abandon(&self) {
        let callbacks = self.callbacks.take();
        drop(callbacks);
    }
}

impl Cancel for FutureCore {
    fn is_done(&self) -> bool {
        *self.status.borrow() != Status::Pending
    }

    fn cancel(&self, message: Option<&Rc<str>>) -> bool {
        if self.is_done() {
            return false;
        }
        let task = match &*self.canceller.borrow() {
            Canceller::Plain => None,
            Canceller::Task(task) => Some(task.upgrade()),
            Canceller::Gather { children, requested } => {
                let children = children.clone();
                let mut any = false;
                for child in children {
                    any |= child.cancel(message);
                }
                requested.set(requested.get() || any);
                return any;
            }
        };
        match task {
            None => self.settle_cancelled(message.cloned(), false),
            Some(task) => task.is_some_and(|task| task.cancel(message)),
        }
    }

    fn is_held(&self, references: usize) -> bool {
        if !matches!(*self.canceller.borrow(), Canceller::Plain) {
            return true;
        }
        match &*self.owner.borrow() {
            Some(owner) => owner.strong_count() > 1 || references > REFERENCES_IN_A_LINE,
            None => references > REFERENCES_OF_AN_AWAIT,
        }
    }
}

/// The references to a future that a task awaits: of the await, of its await point, of who asks.
const REFERENCES_OF_AN_AWAIT: usize = 3;
/// In the line of a primitive it has two more: of the line, of the place in it.
const REFERENCES_IN_A_LINE: usize = 5;

impl Drop for FutureCore {
    fn drop(&mut self) {
        if self.retrieved.get() {
            return;
        }
        let Status::Failed(exc) = self.status.replace(Status::Pending) else { return };
        self.loop_core.report(&match self.task.take() {
            Some((_, task)) => Report::TaskExceptionNeverRetrieved { task, exc },
            None => Report::FutureExceptionNeverRetrieved { exc },
        });
    }
}
