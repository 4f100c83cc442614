//! A request that is given up, and a task that still waits for its answer.

use std::time::Duration;

use futures::channel::oneshot;
use seedbed::{Executor, Leaks, choose_between, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_task_leak",
    about: "Each of five requests is a task, and who asks gives up after 50 ms. A timeout around the handle of a task drops \
            the handle, and the task lives on: if its answer never comes, it stays for ever.",
    invariant: "Nothing is left when all requests are answered or given up.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "Who gives up aborts the task.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "Who gives up drops the handle of the task.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

fn run(executor: &mut Executor, aborts: bool) -> Result<(), Violation> {
    let unanswered = executor.block_on(async move {
        let mut unanswered = Vec::new();
        for request in 0..5_u32 {
            let (answers, answer) = oneshot::channel::<()>();
            if request == 3 {
                // The answer that never comes.
                unanswered.push(answers);
            } else {
                drop(spawn_named("server", async move {
                    time::sleep(Duration::from_millis(choose_between(10, 30))).await;
                    let _ = answers.send(()); // to nobody, if it was given up
                }));
            }
            let task = spawn_named("request", async move { answer.await.is_ok() });
            let abort = task.abort_handle();
            if time::timeout(Duration::from_millis(50), task).await.is_err() {
                event!("request {request} is given up");
                if aborts {
                    abort.abort();
                }
            }
        }
        // What is aborted is gone when its turn comes.
        time::sleep(Duration::from_millis(1)).await;
        unanswered
    })?;
    executor.check_leaks(Leaks::NONE)?;
    // Until here somebody might have answered.
    drop(unanswered);
    Ok(())
}
