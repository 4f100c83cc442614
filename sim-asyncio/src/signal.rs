//! A signal: what a user or the operating system sends to the process of a loop.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use crate::exc::Exc;

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

/// Why the run of a loop ends at once.
#[derive(Clone, Debug)]
pub(crate) enum Interrupt {
    /// A signal that nobody handles.
    Signal(Signal),
    /// What a task has raised: `KeyboardInterrupt`, `SystemExit`.
    Raised(Exc),
}

/// Takes a `SIGINT` in place of the default, which is `KeyboardInterrupt`: `false` if that is to be raised all the same.
pub(crate) type InterruptHook = Rc<dyn Fn() -> bool>;

/// What a loop knows of signals.
#[derive(Default)]
pub(crate) struct Signals {
    handlers: RefCell<BTreeMap<Signal, Rc<dyn Fn()>>>,
    /// That of `asyncio.run`.
    hook: RefCell<Option<InterruptHook>>,
    /// What ends this run of the loop.
    interrupt: RefCell<Option<Interrupt>>,
}

impl Signals {
    pub(crate) fn handler(&self, signal: Signal) -> Option<Rc<dyn Fn()>> {
        self.handlers.borrow().get(&signal).cloned()
    }

    /// A handler of the loop takes the place of the hook, also when it is removed later.
    pub(crate) fn add_handler(&self, signal: Signal, handler: Rc<dyn Fn()>) {
        if signal == Signal::Interrupt {
            self.set_hook(None);
        }
        let before = self.handlers.borrow_mut().insert(signal, handler);
        drop(before); // with nothing borrowed: it may hold anything
    }

    pub(crate) fn remove_handler(&self, signal: Signal) -> bool {
        let removed = self.handlers.borrow_mut().remove(&signal);
        removed.is_some()
    }

    pub(crate) fn hook(&self) -> Option<InterruptHook> {
        self.hook.borrow().clone()
    }

    pub(crate) fn set_hook(&self, hook: Option<InterruptHook>) {
        let before = self.hook.replace(hook);
        drop(before);
    }

    /// Notes what ends this run; the first one counts.
    pub(crate) fn interrupt(&self, why: Interrupt) {
        self.interrupt.borrow_mut().get_or_insert(why);
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.borrow().is_some()
    }

    pub(crate) fn take_interrupt(&self) -> Option<Interrupt> {
        self.interrupt.take()
    }

    /// Drops the handlers, which may hold references to the loop itself.
    pub(crate) fn clear(&self) {
        let handlers = self.handlers.take();
        drop(handlers);
        self.set_hook(None);
    }
}
