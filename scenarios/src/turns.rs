//! How much a task does before it lets others go.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use seedbed::time;

/// Counts what a task does in one turn: from when it is polled until it suspends, and so lets others go first.
///
/// That is the part of fairness which is the program's own: whom the scheduler picks afterwards is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    counts: Rc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    number: Cell<u64>,
    this_turn: Cell<u64>,
    most: Cell<u64>,
    total: Cell<u64>,
    /// The task has suspended, but holds its node's CPU.
    holds_cpu: Cell<bool>,
}

impl Turns {
    /// The same future; each time that it is polled, a turn begins.
    pub(crate) fn watch<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let counts = Rc::clone(&self.counts);
        async move {
            let mut future = pin!(future);
            poll_fn(|context| {
                if !counts.holds_cpu.take() {
                    counts.number.set(counts.number.get() + 1);
                    counts.this_turn.set(0);
                }
                future.as_mut().poll(context)
            })
            .await
        }
    }

    /// One more was done.
    pub(crate) fn count(&self) {
        self.add(1);
    }

    /// So much more was done.
    pub(crate) fn add(&self, amount: u64) {
        let Counts { this_turn, most, total, .. } = &*self.counts;
        this_turn.set(this_turn.get() + amount);
        most.set(most.get().max(this_turn.get()));
        total.set(total.get() + amount);
    }

    /// Computes for that long: holds the node's CPU. Since no other task of the node can run, the turn goes on.
    pub(crate) async fn compute(&self, duration: Duration) {
        self.counts.holds_cpu.set(!duration.is_zero());
        time::block(duration).await;
    }

    /// How many turns have begun.
    pub(crate) fn number(&self) -> u64 {
        self.counts.number.get()
    }

    /// The most that was done in one turn.
    pub(crate) fn most(&self) -> u64 {
        self.counts.most.get()
    }

    /// All that was done.
    pub(crate) fn total(&self) -> u64 {
        self.counts.total.get()
    }
}

#[cfg(test)]
mod tests {
    use seedbed::{Executor, ProductionOrder, yield_now};

    use super::*;

    #[test]
    fn a_turn_ends_where_the_future_suspends_unless_it_holds_the_cpu() {
        let turns = Turns::default();
        let counted = turns.clone();
        let future = turns.watch(async move {
            for burst in [1, 3, 2] {
                for _ in 0..burst {
                    counted.count();
                    counted.compute(Duration::from_millis(1)).await;
                }
                yield_now().await;
            }
        });
        Executor::new(ProductionOrder).block_on(future).unwrap();
        assert_eq!((turns.most(), turns.total(), turns.number()), (3, 6, 4));
    }
}
