//! A scheduled callback, as its creator sees it.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// A callback that was scheduled: it can be cancelled until it runs. Dropping the handle changes nothing.
#[derive(Clone)]
pub struct Handle(Rc<State>);

struct State {
    cancelled: Cell<bool>,
    /// Whether it is among the pending timers, which count their cancelled ones.
    in_heap: Cell<bool>,
    cancelled_timers: Option<Rc<Cell<usize>>>,
}

impl Handle {
    pub(crate) fn soon() -> Self {
        Handle(Rc::new(State {
            cancelled: Cell::new(false),
            in_heap: Cell::new(false),
            cancelled_timers: None,
        }))
    }

    pub(crate) fn scheduled(cancelled_timers: Rc<Cell<usize>>) -> Self {
        Handle(Rc::new(State {
            cancelled: Cell::new(false),
            in_heap: Cell::new(true),
            cancelled_timers: Some(cancelled_timers),
        }))
    }

    pub(crate) fn leave_heap(&self) {
        self.0.in_heap.set(false);
    }

    /// Marks it: it is skipped when its turn comes.
    pub fn cancel(&self) {
        if self.0.cancelled.replace(true) || !self.0.in_heap.get() {
            return;
        }
        if let Some(count) = &self.0.cancelled_timers {
            count.set(count.get() + 1);
        }
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.get()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Handle {{ cancelled: {} }}", self.is_cancelled())
    }
}
