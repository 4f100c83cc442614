//! The listeners of each process for each kind of signal.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::kind::SignalKind;
use crate::clock::Instant;
use crate::context;
use crate::device::{Device, Due};
use crate::run::Fate;
use crate::task::{Crash, NodeId};

/// All listeners of a run.
#[derive(Default)]
pub(super) struct Listeners {
    /// For the processes that live: a kind that was once listened for stays here until the process ends.
    handlers: RefCell<BTreeMap<(NodeId, i32), Rc<Handler>>>,
    /// The processes that are to die when they are thawed.
    doomed: RefCell<Vec<NodeId>>,
}

/// What a process does with one kind of signal.
#[derive(Default)]
struct Handler {
    /// How many were sent.
    sent: Cell<u64>,
    /// How many have listened.
    listeners: Cell<u64>,
    /// Who waits for the next, by the number of the listener, in the order in which they began to.
    waiting: RefCell<Vec<(u64, Waker)>>,
}

impl Listeners {
    /// Those of the current run.
    pub(super) fn current() -> Rc<Self> {
        context::device().unwrap_or_else(|| {
            let listeners = Rc::new(Listeners::default());
            context::install_device(Rc::clone(&listeners) as Rc<dyn Device>);
            listeners
        })
    }

    fn handler(&self, node: NodeId, kind: SignalKind) -> Rc<Handler> {
        let mut handlers = self.handlers.borrow_mut();
        Rc::clone(handlers.entry((node, kind.as_raw_value())).or_default())
    }

    /// Tells those who listen. Says whether the process has ever listened.
    pub(super) fn tell(&self, node: NodeId, kind: SignalKind) -> bool {
        let handler = self.handlers.borrow().get(&(node, kind.as_raw_value())).map(Rc::clone);
        let Some(handler) = handler else { return false };
        handler.sent.set(handler.sent.get() + 1);
        // Taken out, since a foreign waker may do anything.
        for (_, waker) in handler.waiting.take() {
            waker.wake();
        }
        true
    }

    /// Kills a frozen process when it is thawed.
    pub(super) fn doom(&self, node: NodeId) {
        let mut doomed = self.doomed.borrow_mut();
        if !doomed.contains(&node) {
            doomed.push(node);
        }
    }
}

impl Device for Listeners {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn due(&self) -> Option<Due> {
        Some(Due::never())
    }

    fn fire(&self, _: Instant) {}

    fn describe(&self, _: u64) -> String {
        String::new()
    }

    fn node_crashed(&self, node: NodeId, kind: Crash) {
        if kind != Crash::Freeze {
            self.handlers.borrow_mut().retain(|(of, _), _| *of != node);
            self.doomed.borrow_mut().retain(|of| *of != node);
        }
    }

    fn node_started(&self, node: NodeId) {
        let mut doomed = self.doomed.borrow_mut();
        let before = doomed.len();
        doomed.retain(|of| *of != node);
        if doomed.len() < before {
            // Not at once: the other devices have not been told that the node was thawed.
            context::set_fate(node, Duration::ZERO, Fate::Crash(Crash::ProcessKill));
        }
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// Begins to listen for a kind of signal on the node of the current task: `tokio::signal::unix::signal`. From now on this kind
/// does nothing else to the process, even if the listener is dropped.
///
/// # Errors
/// For what tokio refuses: `SIGKILL`, `SIGSTOP`, `SIGILL`, `SIGFPE`, `SIGSEGV`, and numbers that are no signal.
///
/// # Panics
/// Outside a run.
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let node = context::node();
    if kind.is_forbidden() {
        return Err(io::Error::other(format!("Refusing to register signal {}", kind.as_raw_value())));
    }
    if !kind.exists() {
        return Err(io::Error::other("signal too large"));
    }
    let handler = Listeners::current().handler(node, kind);
    let number = handler.listeners.get();
    handler.listeners.set(number + 1);
    Ok(Signal { kind, number, seen: handler.sent.get(), handler })
}

/// A listener for one kind of signal: `tokio::signal::unix::Signal`. Signals that come while nobody waits are one for the next
/// wait, however many they were.
#[must_use = "nothing is waited for until `recv` is awaited"]
pub struct Signal {
    kind: SignalKind,
    number: u64,
    /// How many had been sent when it was told last.
    seen: u64,
    handler: Rc<Handler>,
}

impl Signal {
    /// Waits for a signal that was sent since the last one; it always gives `Some`.
    ///
    /// # Cancel safety
    /// It is cancel safe: a signal that came is still there.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// Asks for such a signal, and has the task woken at the next one if there is none.
    ///
    /// # Panics
    /// Outside a run.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        let sent = self.handler.sent.get();
        if sent != self.seen {
            self.seen = sent;
            return Poll::Ready(Some(()));
        }
        let mut waiting = self.handler.waiting.borrow_mut();
        match waiting.iter_mut().find(|(number, _)| *number == self.number) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => waiting.push((self.number, context.waker().clone())),
        }
        drop(waiting);
        context::wait_at(self.kind.label(), 0);
        Poll::Pending
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        let mut waiting = self.handler.waiting.borrow_mut();
        let place = waiting.iter().position(|(number, _)| *number == self.number);
        let waker = place.map(|place| waiting.remove(place));
        drop(waiting);
        drop(waker);
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}
