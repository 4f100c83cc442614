//! The devices of a run, and when the first of them wants to act.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::clock::Instant;
use crate::device::{Device, Due};

/// Devices in the order of their installation.
#[derive(Default)]
pub(crate) struct Devices {
    all: RefCell<Vec<Rc<dyn Device>>>,
    /// Where those keep when they are due that say so themselves.
    told: RefCell<Vec<Due>>,
    /// The others.
    asked: RefCell<Vec<Rc<dyn Device>>>,
    must_ask: Cell<bool>,
}

impl Devices {
    pub(crate) fn install(&self, device: Rc<dyn Device>) {
        match device.due() {
            Some(due) => self.told.borrow_mut().push(due),
            None => {
                self.asked.borrow_mut().push(Rc::clone(&device));
                self.must_ask.set(true);
            }
        }
        self.all.borrow_mut().push(device);
    }

    /// When a device wants to act first. Those are asked that do not say so themselves, so nothing is to be borrowed.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let mut first = self.first_told();
        if self.has_to_be_asked() {
            let due = self.asked.borrow().iter().filter_map(|device| device.next_due()).min();
            first = first.min(due.unwrap_or(Instant::MAX));
        }
        if first == Instant::MAX { None } else { Some(first) }
    }

    /// Whether a device wants to act now, of those that say so themselves.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.first_told() <= now
    }

    /// Whether there are others.
    #[inline]
    pub(crate) fn has_to_be_asked(&self) -> bool {
        self.must_ask.get()
    }

    #[inline]
    fn first_told(&self) -> Instant {
        self.told.borrow().iter().map(Due::get).min().unwrap_or(Instant::MAX)
    }

    /// Calls with one device after the other, with nothing borrowed: a device that acts may have another one installed.
    pub(crate) fn for_each(&self, mut call: impl FnMut(&dyn Device)) {
        let mut position = 0;
        loop {
            let device = self.all.borrow().get(position).map(Rc::clone);
            let Some(device) = device else { return };
            call(&*device);
            position += 1;
        }
    }

    /// The device of a type.
    pub(crate) fn find<D: Device>(&self) -> Option<Rc<D>> {
        self.all.borrow().iter().find_map(|device| Rc::clone(device).as_any().downcast::<D>().ok())
    }

    /// Whether a device has something to do that can wake a task.
    pub(crate) fn may_wake(&self) -> bool {
        self.all.borrow().iter().any(|device| device.next_due().is_some() && device.may_wake())
    }

    /// What a resource is that some device knows, for people.
    pub(crate) fn describe(&self, resource: u64) -> String {
        self.all.borrow().iter().map(|device| device.describe(resource)).collect()
    }

    /// Takes all, to be dropped with nothing borrowed.
    pub(crate) fn take(&self) -> Vec<Rc<dyn Device>> {
        self.told.take();
        self.asked.take();
        self.must_ask.set(false);
        self.all.take()
    }
}
