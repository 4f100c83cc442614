//! A flag to wait for: `asyncio.Event`.

use std::any::Any;
use std::cell::Cell;
use std::rc::{Rc, Weak};

use sim_executor::Label;

use crate::exc::Exc;
use crate::waiters::Waiters;

const WAIT: Label = Label::new("asyncio.event.wait");

/// A flag. Who was woken by `set` goes on even if `clear` was called meanwhile. Cloning gives another reference.
#[derive(Clone)]
pub struct Event(Rc<State>);

struct State {
    is_set: Cell<bool>,
    waiters: Waiters,
}

impl Default for Event {
    fn default() -> Self {
        Event::new()
    }
}

impl Event {
    /// An event that is not set.
    #[must_use]
    pub fn new() -> Self {
        Event::with_label(WAIT)
    }

    /// Tasks that wait for it are reported by the name of this operation.
    pub(crate) fn with_label(label: Label) -> Self {
        Event(Rc::new(State { is_set: Cell::new(false), waiters: Waiters::new(label) }))
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_set.get()
    }

    /// Sets it, and wakes all that wait.
    pub fn set(&self) {
        if !self.0.is_set.replace(true) {
            self.0.waiters.wake_all();
        }
    }

    /// Takes `set` back.
    pub fn clear(&self) {
        self.0.is_set.set(false);
    }

    /// Waits until it is set; does not suspend if it is.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn wait(&self) -> Result<(), Exc> {
        let owner: Weak<dyn Any> = Rc::<State>::downgrade(&self.0);
        self.wait_as(Some(owner)).await
    }

    /// The same as a part of another primitive, or of none.
    pub(crate) async fn wait_as(&self, owner: Option<Weak<dyn Any>>) -> Result<(), Exc> {
        if self.is_set() {
            return Ok(());
        }
        let place = self.0.waiters.join(owner);
        place.woken().await
    }
}
