//! A loop that is closed while a task is pending.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Runner};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use super::my_function::my_function;
use crate::asyncio::program::{done, none_pending, ran, say, secs, start, truth};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "close_with_pending_task",
    about: "A loop is closed after its work is done, while one task still sleeps. A suspended task is destroyed when it is \
            collected, not before.",
    invariant: "When the loop is closed no task is pending, and whatever a task cleans up it cleans up in the loop.",
    patterns: &[&patterns::B14, &patterns::B14B, &patterns::B16, &patterns::B18],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "What is left is cancelled, and the loop runs until it has ended.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "broken",
            about: "The loop is closed with f20 pending.",
            expect: Expect::Breaks,
            body: broken,
        },
        Variant {
            name: "broken_cancel_but_do_not_run",
            about: "A cancellation is asked for, but the loop does not run any more: it is never delivered.",
            expect: Expect::Breaks,
            body: broken_cancel_but_do_not_run,
        },
        Variant {
            name: "broken_finally",
            about: "The task is to clean up at its end, which is its destruction, when the loop is closed.",
            expect: Expect::Breaks,
            body: broken_finally,
        },
    ],
};

fn run_one(asyncio: &mut Runner<'_>, delay: u64) -> Result<(), Violation> {
    let task = asyncio.create_task(format!("f{delay}"), my_function(delay));
    done(asyncio.run_until_complete(&task))
}

/// After that f20 alone is pending.
fn run_twice(asyncio: &mut Runner<'_>) -> Result<(), Violation> {
    for delay in [1, 3, 15, 20] {
        drop(asyncio.create_task(format!("f{delay}"), my_function(delay)));
    }
    run_one(asyncio, 2)?;
    ran(asyncio.block(secs(10)))?;
    run_one(asyncio, 4)
}

fn close(asyncio: &mut Runner<'_>) -> Result<(), Violation> {
    let pending = none_pending(asyncio);
    say(asyncio, "closing");
    asyncio.close();
    say(asyncio, "closed");
    pending
}

fn collect_garbage(asyncio: &mut Runner<'_>) {
    asyncio.destroy_pending();
    say(asyncio, "garbage collected");
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    run_twice(&mut asyncio)?;
    for task in asyncio.all_tasks() {
        say(&mut asyncio, &format!("Cancelling {}", task.name()));
        asyncio.cancel(&task);
        let ended = ran(asyncio.run_until_complete(task.future()))?;
        ensure!(ended == Err(Exc::Cancelled), "{task:?} was cancelled, and ended with {ended:?}");
        say(&mut asyncio, &format!("{} is cancelled", task.name()));
    }
    close(&mut asyncio)
}

fn broken(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    run_twice(&mut asyncio)?;
    let closed = close(&mut asyncio);
    collect_garbage(&mut asyncio);
    closed
}

fn broken_cancel_but_do_not_run(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    drop(asyncio.create_task("f20", my_function(20)));
    run_one(&mut asyncio, 1)?;
    for task in asyncio.all_tasks() {
        let (asked, cancelled) = (asyncio.cancel(&task), task.is_cancelled());
        let what = format!("cancel() returned {}, cancelled() is {}", truth(asked), truth(cancelled));
        say(&mut asyncio, &what);
    }
    let closed = close(&mut asyncio);
    collect_garbage(&mut asyncio);
    closed
}

/// What a task does at its end, however that comes.
struct Finally {
    delay: u64,
    ran_in_loop: Rc<Cell<Option<bool>>>,
}

impl Drop for Finally {
    fn drop(&mut self) {
        event!("f{} finally runs", self.delay);
        self.ran_in_loop.set(Some(EventLoop::running().is_ok()));
    }
}

fn broken_finally(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let ran_in_loop = Rc::default();
    let finally = Finally { delay: 20, ran_in_loop: Rc::clone(&ran_in_loop) };
    drop(asyncio.create_task("f20", async move {
        let _finally = finally;
        my_function(20).await
    }));
    run_one(&mut asyncio, 1)?;
    let closed = close(&mut asyncio);
    collect_garbage(&mut asyncio);
    let time = asyncio.time();
    ensure!(ran_in_loop.get() == Some(true), "f20 cleaned up at {time}, when its loop was closed already");
    closed
}
