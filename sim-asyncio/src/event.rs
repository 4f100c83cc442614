//! A flag to wait for: `asyncio.Event`.

use std::cell::Cell;
use std::rc::Rc;

use crate::exc::Exc;
use crate::waiters::Waiters;

/// A flag. Who was woken by `set` goes on even if `clear` was called meanwhile. Cloning gives another reference.
#[derive(Clone, Default)]
pub struct Event(Rc<State>);

#[derive(Default)]
struct State {
    is_set: Cell<bool>,
    waiters: Waiters,
}

impl Event {
    /// An event that is not set.
    #[must_use]
    pub fn new() -> Self {
        Event::default()
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
        if self.is_set() {
            return Ok(());
        }
        let place = self.0.waiters.join();
        (&place.future).await
    }
}
