//! What a loop knows of threads: whether its own runs it, what waits for that.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use sim_executor::{NodeId, context};

use crate::handle::Handle;
use crate::vars::Call;

/// A callback or a step.
pub(crate) enum Entry {
    Call(Handle, Call),
    Step(Waker),
}

/// What a loop knows of threads. A thread is a node: it has a CPU of its own.
pub(crate) struct Thread {
    /// Whether handles run; else they are parked.
    is_running: Cell<bool>,
    /// Whether handles are parked after an interrupt, until all that were queued then are.
    is_held: Cell<bool>,
    /// The iteration after which the loop stops.
    stops_after: Cell<Option<u64>>,
    /// What had its turn while the loop did not run.
    parked: RefCell<Vec<Entry>>,
    /// What other threads have queued without waking the loop: it is seen when something else wakes it.
    unseen: RefCell<Vec<Entry>>,
    /// Who waits in `run_forever`.
    runner: RefCell<Option<Waker>>,
}

impl Thread {
    pub(crate) fn new(is_running: bool) -> Self {
        Thread {
            is_running: Cell::new(is_running),
            is_held: Cell::new(false),
            stops_after: Cell::new(None),
            parked: RefCell::default(),
            unseen: RefCell::default(),
            runner: RefCell::new(None),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.is_running.get()
    }

    /// Whether handles are parked after an interrupt.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held.get()
    }

    pub(crate) fn hold(&self, is_held: bool) {
        self.is_held.set(is_held);
    }

    /// From now on handles run.
    pub(crate) fn start(&self) {
        self.is_running.set(true);
    }

    /// Notes who waits until the loop stops.
    pub(crate) fn wake_when_stopped(&self, waker: Waker) {
        let before = self.runner.replace(Some(waker));
        drop(before);
    }

    /// Lets the loop stop when this iteration is over.
    pub(crate) fn stop_after(&self, iteration: u64) {
        self.stops_after.set(Some(iteration));
    }

    /// Whether it is to stop after some iteration.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stops_after.get().is_some()
    }

    /// Stops the loop of this node if the iteration after which it stops is over.
    pub(crate) fn stop_if_due(&self, node: NodeId) {
        let is_over = self.stops_after.get().is_some_and(|after| context::iterations(node) > after);
        if is_over {
            self.stops_after.set(None);
            self.is_running.set(false);
            let runner = self.runner.take();
            if let Some(runner) = runner {
                runner.wake();
            }
        }
    }

    pub(crate) fn park(&self, entry: Entry) {
        self.parked.borrow_mut().push(entry);
    }

    pub(crate) fn take_parked(&self) -> Vec<Entry> {
        self.parked.take()
    }

    /// Queues what another thread gives, without waking the loop.
    pub(crate) fn leave(&self, entry: Entry) {
        self.unseen.borrow_mut().push(entry);
    }

    /// What other threads have queued without waking the loop.
    pub(crate) fn take_unseen(&self) -> Vec<Entry> {
        self.unseen.take()
    }

    /// Drops what is queued.
    pub(crate) fn clear(&self) {
        let (parked, unseen) = (self.parked.take(), self.unseen.take());
        drop((parked, unseen));
    }
}
