//! A gate for which several wait, and that keeps one waker.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::future::join_all;
use seedbed::{Executor, choose_between, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_lost_wakeup",
    about: "Two tasks wait at a gate until it opens. If the gate has room for one waker, the second who waits takes the \
            place of the first, which is never woken: the gate is open, and it stands before it.",
    invariant: "Both go through the gate.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The gate keeps the wakers of all who wait.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, usize::MAX),
        },
        Variant {
            name: "broken",
            about: "The gate keeps the waker of who came last.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, 1),
        },
    ],
};

#[derive(Default)]
struct Gate {
    is_open: bool,
    waiting: Vec<Waker>,
}

fn run(executor: &mut Executor, wakers_max: usize) -> Result<(), Violation> {
    executor.block_on(async move {
        let gate = Rc::new(RefCell::new(Gate::default()));
        let guests = ["ann", "bob"].map(|name| {
            let gate = Rc::clone(&gate);
            spawn_named(name, async move {
                time::sleep(Duration::from_millis(choose_between(1, 5))).await;
                poll_fn(|context| {
                    let mut gate = gate.borrow_mut();
                    if gate.is_open {
                        return Poll::Ready(());
                    }
                    if gate.waiting.len() >= wakers_max {
                        gate.waiting.remove(0);
                    }
                    gate.waiting.push(context.waker().clone());
                    Poll::Pending
                })
                .await;
                event!("goes through");
            })
        });
        time::sleep(Duration::from_millis(choose_between(4, 8))).await;
        let waiting = {
            let mut gate = gate.borrow_mut();
            gate.is_open = true;
            std::mem::take(&mut gate.waiting)
        };
        event!("the gate opens for {} who wait", waiting.len());
        waiting.into_iter().for_each(Waker::wake);
        for guest in join_all(guests).await {
            guest.map_err(failed)?;
        }
        Ok::<(), Violation>(())
    })?
}
