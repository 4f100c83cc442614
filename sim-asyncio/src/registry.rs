//! The tasks of a loop that have not ended, in the order of their creation.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

/// References to tasks, by number; they keep no task alive.
pub(crate) struct Registry<T> {
    tasks: RefCell<BTreeMap<u64, Weak<T>>>,
    created: Cell<u64>,
    /// Those that were started eagerly and are not known to the executor, which keeps all others alive.
    unknown: RefCell<BTreeMap<u64, Rc<T>>>,
}

impl<T> Registry<T> {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Registry { tasks: RefCell::default(), created: Cell::new(0), unknown: RefCell::default() })
    }

    /// A number for a new task.
    pub(crate) fn next_number(&self) -> u64 {
        let number = self.created.get();
        self.created.set(number + 1);
        number
    }

    pub(crate) fn insert(&self, number: u64, task: &Rc<T>) {
        self.tasks.borrow_mut().insert(number, Rc::downgrade(task));
    }

    pub(crate) fn remove(&self, number: u64) {
        self.tasks.borrow_mut().remove(&number);
    }

    /// Keeps a task that the executor does not know.
    pub(crate) fn keep(&self, number: u64, task: Rc<T>) {
        self.unknown.borrow_mut().insert(number, task);
    }

    /// Gives a task that was kept, to the executor.
    pub(crate) fn take_kept(&self, number: u64) -> Option<Rc<T>> {
        self.unknown.borrow_mut().remove(&number)
    }

    pub(crate) fn take_all_kept(&self) -> Vec<Rc<T>> {
        self.unknown.take().into_values().collect()
    }

    pub(crate) fn task(&self, number: u64) -> Option<Rc<T>> {
        self.tasks.borrow().get(&number).and_then(Weak::upgrade)
    }

    pub(crate) fn all(&self) -> Vec<Rc<T>> {
        self.tasks.borrow().values().filter_map(Weak::upgrade).collect()
    }
}
