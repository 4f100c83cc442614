//! How the waker of a poll after the end of a run was taken.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use crate::await_site::{AwaitLook, AwaitSite};

/// More places of one task are not looked at.
const SITES_MAX: usize = 16;

/// How the waker of a poll after the end of a run was taken.
pub(super) struct Probed {
    taken: Cell<usize>,
    look: Cell<Option<AwaitLook>>,
    /// Empty between such polls, so nothing is to be dropped at the thread's end.
    sites: ManuallyDrop<RefCell<Vec<AwaitSite>>>,
}

impl Probed {
    pub(super) const fn new() -> Self {
        Probed {
            taken: Cell::new(0),
            look: Cell::new(None),
            sites: ManuallyDrop::new(RefCell::new(Vec::new())),
        }
    }

    pub(super) fn begin(&self, look: Option<AwaitLook>) {
        self.taken.set(0);
        self.look.set(look);
    }

    /// Somebody takes the waker.
    pub(super) fn take(&self) {
        self.taken.set(self.taken.get() + 1);
        let Some(look) = self.look.get() else { return };
        if self.sites.borrow().len() == SITES_MAX {
            return;
        }
        let site = look.0();
        let mut sites = self.sites.borrow_mut();
        if !sites.contains(&site) {
            sites.push(site);
        }
    }

    /// How often it was taken, and where, each place once.
    pub(super) fn end(&self) -> (usize, Vec<AwaitSite>) {
        self.look.set(None);
        (self.taken.take(), self.sites.take())
    }
}
