//! A task that asks so often that the world has no time to answer.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, choose_between, event, spawn_named, time, yield_now};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_busy_loop",
    about: "A task waits for a flag that another sets after some milliseconds. If it only yields between two looks, it is \
            always ready, so virtual time cannot move: on a real machine it would burn a core.",
    invariant: "The flag is seen within a millisecond.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "It sleeps between two looks.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "It yields between two looks.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

fn run(executor: &mut Executor, sleeps: bool) -> Result<(), Violation> {
    executor.block_on(async move {
        let flag = Rc::new(Cell::new(None));
        let set = Rc::clone(&flag);
        let setter = spawn_named("setter", async move {
            time::sleep(Duration::from_millis(choose_between(3, 9))).await;
            set.set(Some(time::now()));
            event!("the flag is set");
        });
        let watcher = spawn_named("watcher", async move {
            loop {
                if let Some(set_at) = flag.get() {
                    return time::now() - set_at;
                }
                if sleeps {
                    time::sleep(Duration::from_millis(1)).await;
                } else {
                    yield_now().await;
                }
            }
        });
        setter.await.map_err(failed)?;
        let late = watcher.await.map_err(failed)?;
        ensure!(late <= Duration::from_millis(1), "it was seen {late:?} late");
        Ok::<(), Violation>(())
    })?
}
