//! A pending future that tells nobody whom to wake.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use seedbed::{Executor, choose, event, spawn_named, yield_now};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_dead_waker",
    about: "A cell takes a value from one task and gives it to another, by a hand-written future. If that keeps no waker where \
            the value is not there yet, who came too early is never polled again.",
    invariant: "The value arrives.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The future keeps the waker of who waits.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "The future keeps no waker.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

#[derive(Default)]
struct Slot {
    value: Option<u64>,
    waker: Option<Waker>,
}

fn run(executor: &mut Executor, keeps_waker: bool) -> Result<(), Violation> {
    executor.block_on(async move {
        let slot = Rc::new(RefCell::new(Slot::default()));
        let taken = Rc::clone(&slot);
        let taker = spawn_named(
            "taker",
            poll_fn(move |context| {
                let mut slot = taken.borrow_mut();
                match slot.value.take() {
                    Some(value) => Poll::Ready(value),
                    None => {
                        slot.waker = keeps_waker.then(|| context.waker().clone());
                        Poll::Pending
                    }
                }
            }),
        );
        drop(spawn_named("giver", async move {
            for _ in 0..choose(3) {
                yield_now().await;
            }
            let waker = {
                let mut slot = slot.borrow_mut();
                slot.value = Some(7);
                slot.waker.take()
            };
            event!("the value is there");
            waker.into_iter().for_each(Waker::wake);
        }));
        let value = taker.await.map_err(failed)?;
        ensure!(value == 7, "it is {value}");
        Ok::<(), Violation>(())
    })?
}
