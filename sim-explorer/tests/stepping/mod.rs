//! Tasks that do nothing but make steps, whose order is written down.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use sim_executor::{Config, Executor, Outcome, Report, Source, spawn_named, yield_now};

/// Makes one run of a program.
pub(crate) fn run(
    config: Config,
    source: Box<dyn Source>,
    program: impl Future<Output = ()> + 'static,
) -> Report {
    let mut executor = Executor::with_config(config, source);
    let outcome = executor.block_on(program).map_or_else(Into::into, |()| Outcome::Done);
    executor.finish(outcome)
}

/// Tasks with so many steps, and nothing else that could run; the order of their steps is written down.
pub(crate) fn steps(
    counts: &'static [u32],
    order: &Rc<RefCell<Vec<usize>>>,
) -> impl Future<Output = ()> + use<> {
    tasks(counts.to_vec(), order, async |_, step| {
        if step > 0 {
            yield_now().await;
        }
    })
}

/// The same, with what is done before each step: of which task it is, and which of its steps.
pub(crate) fn tasks<B>(
    counts: Vec<u32>,
    order: &Rc<RefCell<Vec<usize>>>,
    before: B,
) -> impl Future<Output = ()> + use<B>
where
    B: AsyncFn(usize, u32) + Copy + 'static,
{
    let order = Rc::clone(order);
    async move {
        let left = Rc::new(Cell::new(counts.len()));
        let root = std::future::poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        for (task, count) in counts.into_iter().enumerate() {
            let (order, left, root) = (Rc::clone(&order), Rc::clone(&left), root.clone());
            drop(spawn_named(["a", "b", "c", "d"][task], async move {
                for step in 0..count {
                    before(task, step).await;
                    order.borrow_mut().push(task);
                }
                left.set(left.get() - 1);
                if left.get() == 0 {
                    root.wake();
                }
            }));
        }
        std::future::poll_fn(|_| if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}
