//! A signal: what a user or the operating system sends to the process of a loop.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// `SIGINT`: somebody presses CTRL+C.
    Interrupt,
    /// `SIGTERM`: somebody wants the process to end.
    Terminate,
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        })
    }
}

/// What a loop knows of signals.
#[derive(Default)]
pub(crate) struct Signals {
    pub(crate) handlers: RefCell<BTreeMap<Signal, Rc<dyn Fn()>>>,
    /// The one that ends this run of the loop.
    pub(crate) interrupted: Cell<Option<Signal>>,
}

impl Signals {
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.get().is_some()
    }

    /// Drops the handlers, which may hold references to the loop itself.
    pub(crate) fn clear(&self) {
        let handlers = self.handlers.take();
        drop(handlers);
    }
}
