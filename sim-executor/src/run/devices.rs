//! The devices of a run, and when the first of them wants to act.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::choice::{Resource, TaskId};
use crate::clock::Instant;
use crate::device::{Device, Due};
use crate::reuse::Reuse as _;

/// Devices in the order of their installation.
#[derive(Default)]
pub(crate) struct Devices {
    all: RefCell<Vec<Installed>>,
    /// Whether there are some that do not say themselves when they are due.
    must_ask: Cell<bool>,
    /// What devices of earlier runs have left, one of each type.
    left: RefCell<Vec<Rc<dyn Any>>>,
}

pub(crate) struct Installed {
    device: Rc<dyn Device>,
    /// Where the device keeps when it is due, if it says so itself.
    due: Option<Due>,
}

impl Installed {
    pub(crate) fn into_device(self) -> Rc<dyn Device> {
        self.device
    }
}

/// When a device wants to act, as it says when it is asked; [`Instant::MAX`] is never.
fn asked(device: &dyn Device) -> Instant {
    device.next_due().unwrap_or(Instant::MAX)
}

impl Devices {
    /// Makes it as new, when devices were taken out to be dropped, with what they have left for the next run.
    pub(super) fn renew(&mut self) {
        let Devices { all, must_ask, left: _ } = self;
        all.get_mut().renew();
        must_ask.set(false);
    }

    /// Keeps what a device leaves for the next run; gives what another of its type has left, to be dropped with nothing borrowed.
    pub(crate) fn leave(&self, memory: Rc<dyn Any>) -> Option<Rc<dyn Any>> {
        let mut left = self.left.borrow_mut();
        let before = left.iter_mut().find(|other| (***other).type_id() == (*memory).type_id());
        match before {
            Some(before) => Some(std::mem::replace(before, memory)),
            None => {
                left.push(memory);
                None
            }
        }
    }

    /// Takes what a device has left.
    pub(crate) fn take_left<T: Any>(&self) -> Option<Rc<T>> {
        let mut left = self.left.borrow_mut();
        let place = left.iter().position(|memory| (**memory).is::<T>())?;
        left.swap_remove(place).downcast().ok()
    }

    pub(crate) fn install(&self, device: Rc<dyn Device>) {
        let due = device.due();
        if due.is_none() {
            self.must_ask.set(true);
        }
        self.all.borrow_mut().push(Installed { device, due });
    }

    /// When a device wants to act first. Those are asked that do not say so themselves, so nothing is to be borrowed.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let mut first = Instant::MAX;
        for installed in &*self.all.borrow() {
            if let Some(due) = &installed.due {
                first = first.min(due.get());
            }
        }
        if self.must_ask.get() {
            first = first.min(self.ask_next_due());
        }
        if first == Instant::MAX { None } else { Some(first) }
    }

    /// The same of the devices that do not say so themselves.
    #[inline(never)]
    fn ask_next_due(&self) -> Instant {
        let mut first = Instant::MAX;
        self.for_each_of(|installed| installed.due.is_none(), |device| first = first.min(asked(device)));
        first
    }

    /// Whether a device wants to act now, of those that say so themselves.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.all.borrow().iter().any(|installed| installed.due.as_ref().is_some_and(|due| due.get() <= now))
    }

    /// Whether there are others.
    #[inline]
    pub(crate) fn has_to_be_asked(&self) -> bool {
        self.must_ask.get()
    }

    /// Calls with one device after the other, with nothing borrowed: a device that acts may have another one installed.
    pub(crate) fn for_each(&self, call: impl FnMut(&dyn Device)) {
        self.for_each_of(|_| true, call);
    }

    /// Lets those act that want to now, in the order of their installation.
    #[inline]
    pub(crate) fn fire(&self, now: Instant) {
        let may_be_due = |installed: &Installed| installed.due.as_ref().is_none_or(|due| due.get() <= now);
        if !self.must_ask.get() {
            return self.for_each_of(may_be_due, |device| device.fire(now));
        }
        self.for_each_of(may_be_due, |device| {
            // Asked with nothing borrowed; one that says so itself keeps that there too.
            if asked(device) <= now {
                device.fire(now);
            }
        });
    }

    #[inline]
    fn for_each_of(&self, is_wanted: impl Fn(&Installed) -> bool, mut call: impl FnMut(&dyn Device)) {
        let mut position = 0;
        loop {
            let wanted = match self.all.borrow().get(position) {
                Some(installed) if is_wanted(installed) => Some(Rc::clone(&installed.device)),
                Some(_) => None,
                None => return,
            };
            if let Some(device) = wanted {
                call(&*device);
            }
            position += 1;
        }
    }

    /// The device of a type.
    pub(crate) fn find<D: Device>(&self) -> Option<Rc<D>> {
        let found = {
            let all = self.all.borrow();
            let found = all.iter().find(|installed| (&*installed.device as &dyn Any).is::<D>())?;
            Rc::clone(&found.device)
        };
        found.as_any().downcast::<D>().ok()
    }

    /// Whether a device has something to do that can wake a task.
    pub(crate) fn may_wake(&self) -> bool {
        let mut may_wake = false;
        self.for_each(|device| may_wake = may_wake || (asked(device) < Instant::MAX && device.may_wake()));
        may_wake
    }

    /// What a resource is that some device knows, for people.
    pub(crate) fn describe(&self, resource: u64) -> String {
        let mut text = String::new();
        self.for_each(|device| text.push_str(&device.describe(resource)));
        text
    }

    /// The tasks on which a resource depends that some device knows.
    pub(crate) fn holders(&self, resource: u64) -> Vec<TaskId> {
        let mut holders = Vec::new();
        self.for_each(|device| holders.append(&mut device.holders(resource)));
        holders
    }

    /// What is at the other end of a resource that some device knows.
    pub(crate) fn other_ends(&self, resource: u64) -> Vec<Resource> {
        let mut ends = Vec::new();
        self.for_each(|device| ends.append(&mut device.other_ends(resource)));
        ends
    }

    /// Takes all, to be dropped with nothing borrowed.
    pub(crate) fn take(&self) -> Vec<Installed> {
        self.must_ask.set(false);
        self.all.take()
    }

    /// Keeps the memory of those that were taken and dropped, unless others were installed meanwhile.
    pub(crate) fn keep_memory_of(&self, taken: Vec<Installed>) {
        let mut all = self.all.borrow_mut();
        if all.capacity() == 0 {
            *all = taken.renewed();
        }
    }
}
