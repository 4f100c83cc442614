//! A client's account of its messages.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use seedbed::{Instant, time};
use sim_explorer::{Violation, ensure};

/// Where each message is that came.
#[derive(Debug, Default)]
pub(super) struct Account {
    received: Cell<u64>,
    /// The numbers of those that were processed.
    processed: RefCell<Vec<u64>>,
    dropped: Cell<u64>,
    /// Those that still waited at the end.
    waiting: Cell<u64>,
    in_work: Cell<u64>,
    most_in_work: Cell<u64>,
    /// How many newer messages had come, at most, when one was taken into work.
    most_behind: Cell<u64>,
    /// When the first was taken into work.
    began_at: Cell<Option<Instant>>,
    /// When nothing more was to be processed.
    left_at: Cell<Option<Instant>>,
}

/// The number of a message, which begins with `m0123`.
fn number_of(message: &str) -> u64 {
    message.get(1..5).and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

impl Account {
    pub(super) fn receives(&self) {
        self.received.set(self.received.get() + 1);
    }

    pub(super) fn drops(&self) {
        self.dropped.set(self.dropped.get() + 1);
    }

    pub(super) fn leaves(&self, waiting: usize) {
        self.waiting.set(waiting as u64);
        self.left_at.set(Some(time::now()));
    }

    pub(super) fn begins(&self, message: &str) {
        if self.began_at.get().is_none() {
            self.began_at.set(Some(time::now()));
        }
        let newer = self.received.get().saturating_sub(number_of(message).saturating_add(1));
        self.most_behind.set(self.most_behind.get().max(newer));
        self.in_work.set(self.in_work.get() + 1);
        self.most_in_work.set(self.most_in_work.get().max(self.in_work.get()));
    }

    pub(super) fn ends(&self, message: &str) {
        self.in_work.set(self.in_work.get() - 1);
        self.processed.borrow_mut().push(number_of(message));
    }

    /// How long messages were processed.
    pub(super) fn worked_for(&self) -> Duration {
        match (self.began_at.get(), self.left_at.get()) {
            (Some(began_at), Some(left_at)) => left_at - began_at,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn processed(&self) -> u64 {
        self.processed.borrow().len() as u64
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    pub(super) fn most_in_work(&self) -> u64 {
        self.most_in_work.get()
    }

    pub(super) fn most_behind(&self) -> u64 {
        self.most_behind.get()
    }

    /// All messages that were sent have come, and each is in one place.
    pub(super) fn check(&self, sent: u64) -> Result<(), Violation> {
        let Account { received, dropped, waiting, in_work, .. } = self;
        let [received, dropped, waiting, in_work] = [received, dropped, waiting, in_work].map(Cell::get);
        ensure!(received == sent, "of {sent} messages {received} came");
        let processed = self.processed();
        ensure!(
            processed + dropped + waiting + in_work == received,
            "of {received} messages {processed} were processed and {dropped} dropped, {waiting} wait, {in_work} are in work"
        );
        let mut numbers = self.processed.borrow().clone();
        numbers.sort_unstable();
        let are_sent = numbers.last().is_none_or(|&last| last < sent);
        ensure!(are_sent && numbers.is_sorted_by(|one, other| one < other), "a message was processed twice");
        Ok(())
    }
}
