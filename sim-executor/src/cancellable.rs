//! Cancellation as a choice: a future that may be dropped at each of its awaits.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::choice::{Fault, Ratio};
use crate::context::{self, CANCEL};

/// How probable it is, at each poll that returns pending, that the future is dropped there, unless that is set.
const PROBABILITY: Ratio = Ratio::one_in(8);

/// Awaits a future that may be cancelled wherever it waits: each time that its poll returns pending, it is asked whether the future is dropped there.
/// The gentlest answer is no, so nothing is cancelled in production order; under a seed it is yes once out of eight.
///
/// That is what a `timeout`, a branch of `select!` that has lost, or an abort does to a future in production, at a moment that a test
/// seldom meets. A search that tries every single deviation cancels it at each of its awaits in turn.
///
/// ```
/// use sim_executor::{Cancelled, Executor, KeyedRandom, ProductionOrder, Ratio, cancellable, yield_now};
///
/// let work = || async { yield_now().await; yield_now().await; "done" };
/// let calm = Executor::new(ProductionOrder).block_on(async move { cancellable(work()).await });
/// assert_eq!(calm.unwrap(), Ok("done"));
/// let always = Ratio::new(1, 1);
/// let cut = Executor::new(KeyedRandom::new(1)).block_on(async move { cancellable(work()).probability(always).await });
/// assert_eq!(cut.unwrap(), Err(Cancelled));
/// ```
///
/// # Panics
/// When awaited outside a run, or again after it has ended.
pub fn cancellable<F: Future>(future: F) -> Cancellable<F> {
    Cancellable { future: Some(future), probability: PROBABILITY }
}

/// The future was cancelled by a choice of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the future was cancelled by a choice of the run")]
pub struct Cancelled;

pin_project! {
    /// The future of [`cancellable`].
    #[must_use = "nothing happens until it is awaited"]
    #[derive(Debug)]
    pub struct Cancellable<F> {
        #[pin]
        future: Option<F>,
        probability: Ratio,
    }
}

impl<F> Cancellable<F> {
    /// The same, with another probability at each await.
    pub fn probability(self, probability: Ratio) -> Self {
        Cancellable { probability, ..self }
    }
}

impl<F: Future> Future for Cancellable<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let future = this.future.as_mut().as_pin_mut();
        let future = future.expect("a cancellable future is not awaited again after it has ended");
        if let Poll::Ready(output) = future.poll(context) {
            this.future.set(None);
            return Poll::Ready(Ok(output));
        }
        let probability = context::probability_of(Fault::Cancel, *this.probability);
        let is_cancelled = context::ask_flag(context::current_actor(), CANCEL, probability);
        if !is_cancelled {
            return Poll::Pending;
        }
        this.future.set(None);
        Poll::Ready(Err(Cancelled))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::{Executor, KeyedRandom, ProductionOrder, yield_now};

    /// Counts how far the work came, and whether it was dropped.
    struct Progress(Rc<Cell<u32>>, Rc<Cell<bool>>);

    impl Drop for Progress {
        fn drop(&mut self) {
            self.1.set(true);
        }
    }

    async fn work(progress: Progress) {
        for _ in 0..4 {
            yield_now().await;
            progress.0.set(progress.0.get() + 1);
        }
    }

    #[test]
    fn a_cancelled_future_is_dropped_at_the_await_before_its_handle_is_told() {
        let mut stops = [0; 5];
        for seed in 0..200 {
            let (steps, dropped) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
            let progress = Progress(steps.clone(), dropped.clone());
            let ended = Executor::new(KeyedRandom::new(seed)).block_on(async move {
                let ended = cancellable(work(progress)).await;
                assert!(dropped.get());
                ended
            });
            assert_eq!(ended.unwrap().is_ok(), steps.get() == 4, "seed {seed}");
            stops[steps.get() as usize] += 1;
        }
        assert!(stops.iter().all(|count| *count >= 5), "at every await, or not at all: {stops:?}");
    }

    #[test]
    fn production_order_cancels_nothing() {
        let steps = Rc::new(Cell::new(0));
        let progress = Progress(steps.clone(), Rc::default());
        let ended = Executor::new(ProductionOrder)
            .block_on(async move { cancellable(work(progress)).probability(Ratio::new(9, 10)).await });
        assert_eq!((ended.unwrap(), steps.get()), (Ok(()), 4));
    }

    #[test]
    fn a_future_that_is_ready_at_once_is_never_cancelled() {
        let ended = Executor::new(KeyedRandom::new(1))
            .block_on(async { cancellable(std::future::ready(7)).probability(Ratio::new(1, 1)).await });
        assert_eq!(ended.unwrap(), Ok(7));
    }
}
