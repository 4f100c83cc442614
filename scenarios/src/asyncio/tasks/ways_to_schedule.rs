//! The ways to schedule a coroutine.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, Future, ReturnWhen, create_task, gather, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, ran, say, start};
use crate::asyncio::tasks::literal::truth;
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ways_to_schedule",
    about: "A coroutine is scheduled in one way only, as a task; the others are built on it, and take their turns with it.",
    invariant: "Whatever was called or scheduled runs, once, when the loop runs and not before; and gives its value.",
    patterns: &[&patterns::C6, &patterns::C36, &patterns::C40],
    parameters: &[],
    variants: &[
        Variant {
            name: "run_until_complete",
            about: "The loop runs until a task is done, and gives its value.",
            expect: Expect::Holds,
            body: run_until_complete,
        },
        Variant {
            name: "gather",
            about: "A task gathers the values of two.",
            expect: Expect::Holds,
            body: gather_values,
        },
        Variant {
            name: "wait_tasks",
            about: "A wait for two tasks tells which are done.",
            expect: Expect::Holds,
            body: wait_tasks,
        },
        Variant {
            name: "ensure_future_vs_create_task",
            about: "A task or a future for a future is passed through as it is; only a coroutine becomes a task.",
            expect: Expect::Holds,
            body: ensure_future_vs_create_task,
        },
        Variant {
            name: "order_of_a_mix",
            about: "Callbacks and tasks are scheduled in turn; all stand in one queue.",
            expect: Expect::Holds,
            body: order_of_a_mix,
        },
        Variant {
            name: "broken_not_scheduled",
            about: "Of two coroutines only one becomes a task: calling the other has scheduled nothing.",
            expect: Expect::Breaks,
            body: broken_not_scheduled,
        },
    ],
};

/// What has run.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn is_empty(&self) -> Result<(), Violation> {
        let early = self.0.borrow();
        ensure!(early.is_empty(), "{early:?} ran before the loop did");
        Ok(())
    }

    /// In whatever order.
    fn is(&self, called: &[&str]) -> Result<(), Violation> {
        let mut ran = self.0.take();
        ran.sort_unstable();
        ensure!(ran == called, "{called:?} were called or scheduled, and {ran:?} ran");
        Ok(())
    }
}

async fn helloworld(n: u64, log: Log) -> Result<u64, Exc> {
    event!("Hello world from a coroutine! {n}");
    log.note(format!("helloworld {n}"));
    Ok(n)
}

fn run_until_complete(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let mut asyncio = start(executor);
    let task = asyncio.create_task("Task-1", helloworld(1, log.clone()));
    log.is_empty()?;
    let value = done(asyncio.run_until_complete(&task))?;
    say(&mut asyncio, &format!("returned {value}"));
    ensure!(value == 1, "the coroutine returned {value}, not 1");
    log.is(&["helloworld 1"])
}

fn gather_values(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let mut asyncio = start(executor);
    let gathering = log.clone();
    let go = asyncio.create_task("Task-1", async move {
        let tasks = [("Task-2", 1), ("Task-3", 2)]
            .map(|(name, n)| create_task(name, helloworld(n, gathering.clone())));
        gather(tasks).await
    });
    log.is_empty()?;
    let values = done(asyncio.run_until_complete(&go))?;
    say(&mut asyncio, &format!("returned {values:?}"));
    ensure!(values == [1, 2], "the gather returned {values:?}, not [1, 2]");
    log.is(&["helloworld 1", "helloworld 2"])
}

fn wait_tasks(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let mut asyncio = start(executor);
    let tasks =
        [("Task-1", 1), ("Task-2", 2)].map(|(name, n)| asyncio.create_task(name, helloworld(n, log.clone())));
    log.is_empty()?;
    let waiting = asyncio.create_task("Task-3", wait(tasks, ReturnWhen::AllCompleted, None));
    let waited = done(asyncio.run_until_complete(&waiting))?;
    let counts = (waited.done.len(), waited.pending.len());
    say(&mut asyncio, &format!("returned {} done, {} pending", counts.0, counts.1));
    ensure!(counts == (2, 0), "of 2 tasks {} are done and {} pending", counts.0, counts.1);
    log.is(&["helloworld 1", "helloworld 2"])
}

fn ensure_future_vs_create_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let mut asyncio = start(executor);
    let task = asyncio.create_task("Task-1", helloworld(1, log.clone()));
    let of_task = Future::from(&task).is(&task);
    say(&mut asyncio, &format!("ensure_future(task) is the same object: {}", truth(of_task)));
    let future: Future<u64> = asyncio.enter(|event_loop| event_loop.create_future());
    let of_future = Future::from(&future).is(&future);
    say(&mut asyncio, &format!("ensure_future(future) is the same object: {}", truth(of_future)));
    ensure!(of_task && of_future, "a future for a task is another one");
    log.is_empty()?;
    let value = done(asyncio.run_until_complete(&task))?;
    ensure!(value == 1, "the coroutine returned {value}, not 1");
    log.is(&["helloworld 1"])
}

fn order_of_a_mix(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let callback = |what: &'static str| {
        let log = log.clone();
        move || {
            event!("{what}");
            log.note(what);
        }
    };
    let mut asyncio = start(executor);
    asyncio.call_soon(callback("call_soon"));
    drop(asyncio.create_task("Task-1", helloworld(1, log.clone())));
    drop(asyncio.create_task("Task-2", helloworld(2, log.clone())));
    asyncio.call_soon(callback("call_soon again"));
    let last = asyncio.create_task("Task-3", helloworld(3, log.clone()));
    log.is_empty()?;
    let value = done(asyncio.run_until_complete(&last))?;
    ensure!(value == 3, "the last coroutine returned {value}, not 3");
    // In another order the loop may stop before the turn of each has come.
    ran(asyncio.run_for(ms(1)))?;
    log.is(&["call_soon", "call_soon again", "helloworld 1", "helloworld 2", "helloworld 3"])
}

fn broken_not_scheduled(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let log = Log::default();
    let mut asyncio = start(executor);
    let task = asyncio.create_task("Task-1", helloworld(1, log.clone()));
    let forgotten = helloworld(2, log.clone());
    let value = done(asyncio.run_until_complete(&task))?;
    say(&mut asyncio, &format!("returned {value}"));
    drop(forgotten);
    ran(asyncio.run_for(ms(1)))?;
    log.is(&["helloworld 1", "helloworld 2"])
}
