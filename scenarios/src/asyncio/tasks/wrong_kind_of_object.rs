//! Coroutines, tasks or futures where another one of them is meant.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Runner};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{ran, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "wrong_kind_of_object",
    about: "A coroutine runs once, and only if it is awaited or made a task; a task may be awaited again and again, but not \
            by itself. Most other mistakes do not compile here: see `sim_asyncio::Task`.",
    invariant: "Each coroutine that was called runs once, and each attempt to have its value gives that.",
    patterns: &[&patterns::C39],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "A coroutine is run once; a task is run until its end, and until it again.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "broken",
            about: "A coroutine is not awaited, and a task awaits itself.",
            expect: Expect::Breaks,
            body: broken,
        },
    ],
};

/// The calls of the coroutine, and what came of them.
#[derive(Default)]
struct Count {
    called: Cell<u32>,
    ran: Cell<u32>,
    attempts: Cell<u32>,
    failed: Cell<u32>,
}

fn one_more(count: &Cell<u32>) {
    count.set(count.get() + 1);
}

impl Count {
    /// Logs what an attempt gave.
    fn attempt<T: fmt::Debug>(&self, asyncio: &mut Runner<'_>, what: &str, given: Result<T, Exc>) {
        one_more(&self.attempts);
        asyncio.enter(|_| match given {
            Ok(value) => event!("{what} -> {value:?}"),
            Err(exc) => {
                one_more(&self.failed);
                event!("{what} -> {exc}");
            }
        });
    }

    fn is_right(&self) -> Result<(), Violation> {
        let (called, ran) = (self.called.get(), self.ran.get());
        let (attempts, failed) = (self.attempts.get(), self.failed.get());
        ensure!(
            called == ran && failed == 0,
            "of {called} coroutines {ran} ran, and of {attempts} attempts {failed} failed"
        );
        Ok(())
    }
}

/// A coroutine whose call is noticed here, though nothing of its body runs then.
fn coro(count: &Rc<Count>) -> impl Future<Output = Result<u64, Exc>> + use<> {
    one_more(&count.called);
    let count = Rc::clone(count);
    async move {
        one_more(&count.ran);
        Ok(1)
    }
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let count = Rc::new(Count::default());
    let mut asyncio = start(executor);
    let task = asyncio.create_task("Task-1", coro(&count));
    let value = ran(asyncio.run_until_complete(&task))?;
    count.attempt(&mut asyncio, "run_until_complete(coro())", value);
    let task = asyncio.create_task("Task-2", coro(&count));
    let first = ran(asyncio.run_until_complete(&task))?;
    let second = ran(asyncio.run_until_complete(&task))?;
    let both = first.and_then(|first| Ok((first, second?)));
    ensure!(both == Ok((1, 1)), "the value of a task is 1 each time, not {both:?}");
    count.attempt(&mut asyncio, "a task can be awaited again and again", both);
    count.is_right()
}

fn broken(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let count = Rc::new(Count::default());
    let mut asyncio = start(executor);
    let first = asyncio.create_task("Task-1", coro(&count));
    let value = ran(asyncio.run_until_complete(&first))?;
    count.attempt(&mut asyncio, "first run of a coroutine object", value);

    let forgetful = Rc::clone(&count);
    let forgot = asyncio.create_task("Task-2", async move {
        let value = None::<u64>;
        drop(coro(&forgetful)); // `value = Some(coro(…).await?)`
        Ok(value)
    });
    let value = ran(asyncio.run_until_complete(&forgot))?;
    count.attempt(&mut asyncio, "forgot await", value);

    let awaits_itself = asyncio.create_task("Task-3", async {
        match EventLoop::current().current_task() {
            Some(own) => own.await,
            None => Ok(()),
        }
    });
    let value = ran(asyncio.run_until_complete(&awaits_itself))?;
    count.attempt(&mut asyncio, "await current_task()", value);
    count.is_right()
}
