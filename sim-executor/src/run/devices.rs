//! The devices of a run, and when the first of them wants to act.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use crate::choice::{Resource, TaskId};
use crate::clock::Instant;
use crate::device::{Device, Due};
use crate::reuse::Reuse as _;

/// Devices in the order of their installation.
#[derive(Default)]
pub(crate) struct Devices {
    /// The one that was installed first, apart from the others, as most runs have but one. It may be borrowed while a device is called.
    first: RefCell<Option<Installed>>,
    /// When that one is due, if it says so itself: looked at after nearly every poll.
    first_due: OnceCell<Due>,
    others: RefCell<Vec<Rc<Installed>>>,
    has_others: Cell<bool>,
    /// Whether there are some that do not say themselves when they are due.
    must_ask: Cell<bool>,
    /// What devices of earlier runs have left, one of each type.
    left: RefCell<Vec<Rc<dyn Any>>>,
}

struct Installed {
    device: Rc<dyn Device>,
    /// Where the device keeps when it is due, if it says so itself.
    due: Option<Due>,
}

impl Installed {
    /// When it wants to act; [`Instant::MAX`] is never. One that does not say so itself is asked, so nothing is to be borrowed that it
    /// needs.
    #[inline]
    fn next_due(&self) -> Instant {
        match &self.due {
            Some(due) => due.get(),
            None => self.device.next_due().unwrap_or(Instant::MAX),
        }
    }

    /// The same, of one that says so itself.
    #[inline]
    fn known_due(&self) -> Instant {
        self.due.as_ref().map_or(Instant::MAX, Due::get)
    }

    #[inline]
    fn fire(&self, now: Instant) {
        if self.next_due() <= now {
            self.device.fire(now);
        }
    }
}

impl Devices {
    /// Makes it as new, when devices were taken out to be dropped, with what they have left for the next run.
    pub(super) fn renew(&mut self) {
        let Devices { first, first_due, others, has_others, must_ask, left: _ } = self;
        *first.get_mut() = None;
        first_due.take();
        others.get_mut().renew();
        has_others.set(false);
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
        let installed = Installed { device, due };
        if self.first.borrow().is_none() {
            if let Some(due) = &installed.due {
                self.first_due.get_or_init(|| due.clone());
            }
            *self.first.borrow_mut() = Some(installed);
        } else {
            self.others.borrow_mut().push(Rc::new(installed));
            self.has_others.set(true);
        }
    }

    /// When a device wants to act first. Those are asked that do not say so themselves, so nothing is to be borrowed.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let mut due = self.first_due();
        if self.must_ask.get() || self.has_others.get() {
            self.for_each_installed(|it| due = due.min(it.next_due()));
        }
        if due == Instant::MAX { None } else { Some(due) }
    }

    /// When the first device wants to act, if it says so itself.
    #[inline(always)]
    fn first_due(&self) -> Instant {
        self.first_due.get().map_or(Instant::MAX, Due::get)
    }

    /// Whether a device wants to act now, of those that say so themselves.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let mut due = self.first_due();
        if self.has_others.get() {
            self.for_each_other(|other| due = due.min(other.known_due()));
        }
        due <= now
    }

    /// Whether there are others.
    #[inline]
    pub(crate) fn has_to_be_asked(&self) -> bool {
        self.must_ask.get()
    }

    /// Lets those act that want to now, in the order of their installation.
    #[inline(always)]
    pub(crate) fn fire(&self, now: Instant) {
        if let Some(first) = &*self.first.borrow() {
            first.fire(now);
        }
        if self.has_others.get() {
            self.for_each_other(|other| other.fire(now));
        }
    }

    /// Calls with one device after the other: a device that acts may have another one installed.
    pub(crate) fn for_each(&self, mut call: impl FnMut(&dyn Device)) {
        self.for_each_installed(|it| call(&*it.device));
    }

    fn for_each_installed(&self, mut call: impl FnMut(&Installed)) {
        if let Some(first) = &*self.first.borrow() {
            call(first);
        }
        self.for_each_other(call);
    }

    #[inline(never)]
    fn for_each_other(&self, mut call: impl FnMut(&Installed)) {
        let mut position = 0;
        loop {
            let Some(other) = self.others.borrow().get(position).map(Rc::clone) else { return };
            call(&other);
            position += 1;
        }
    }

    /// The device of a type.
    pub(crate) fn find<D: Device>(&self) -> Option<Rc<D>> {
        let found = {
            let (first, others) = (self.first.borrow(), self.others.borrow());
            let mut all = first.iter().chain(others.iter().map(|other| &**other));
            let found = all.find(|installed| (&*installed.device as &dyn Any).is::<D>())?;
            Rc::clone(&found.device)
        };
        found.as_any().downcast::<D>().ok()
    }

    /// Whether a device has something to do that can wake a task.
    pub(crate) fn may_wake(&self) -> bool {
        let mut may_wake = false;
        self.for_each_installed(|it| {
            may_wake = may_wake || (it.next_due() < Instant::MAX && it.device.may_wake())
        });
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
    pub(crate) fn take(&self) -> impl Iterator<Item = Rc<dyn Device>> + use<> {
        self.must_ask.set(false);
        self.has_others.set(false);
        let others = self.others.take().into_iter().map(|other| Rc::clone(&other.device));
        self.first.take().into_iter().map(|first| first.device).chain(others)
    }
}
