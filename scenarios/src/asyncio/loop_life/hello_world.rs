//! Hello world as a coroutine: what it needs to run.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, create_task, sleep, yield_now};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::coroutine::{Coroutine, coroutine};
use crate::asyncio::program::{done, none_pending, say, secs, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "hello_world",
    about: "A coroutine is called: nothing of it runs until a loop runs it.",
    invariant: "What is called has run when the program ends, and no task is left.",
    patterns: &[&patterns::C4, &patterns::C5],
    parameters: &[],
    variants: &[
        Variant {
            name: "run_until_complete",
            about: "The loop runs until the coroutine is done: main, coroutine, main.",
            expect: Expect::Holds,
            body: run_until_complete,
        },
        Variant {
            name: "asyncio_run",
            about: "`asyncio.run` also cancels what is left at the end of the main coroutine, and closes the loop.",
            expect: Expect::Holds,
            body: asyncio_run,
        },
        Variant {
            name: "broken_call_without_await",
            about: "The call alone runs nothing.",
            expect: Expect::Breaks,
            body: broken_call_without_await,
        },
    ],
};

fn helloworld(said: &Rc<Cell<u64>>) -> Coroutine<Result<(), Exc>> {
    let said = Rc::clone(said);
    coroutine("helloworld", async move {
        event!("Hello world from a coroutine!");
        said.set(said.get() + 1);
        Ok(())
    })
}

fn said_once(said: &Cell<u64>) -> Result<(), Violation> {
    let said = said.get();
    ensure!(said == 1, "helloworld was called once, and has said hello {said} times");
    Ok(())
}

fn run_until_complete(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let said = Rc::default();
    say(&mut asyncio, "before run_until_complete");
    let task = asyncio.create_task("helloworld", helloworld(&said));
    ensure!(said.get() == 0, "the task ran before the loop did");
    done(asyncio.run_until_complete(&task))?;
    say(&mut asyncio, "after run_until_complete");
    asyncio.close();
    said_once(&said)?;
    none_pending(&asyncio)
}

fn broken_call_without_await(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let said = Rc::default();
    asyncio.enter(|_| {
        let hello: Coroutine<_> = helloworld(&said);
        event!("helloworld() returned a coroutine");
        drop(hello);
    });
    say(&mut asyncio, "end");
    said_once(&said)
}

fn asyncio_run(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let (begun, cancelled) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (begins, is_cancelled) = (Rc::clone(&begun), Rc::clone(&cancelled));
    let background = async move {
        begins.set(begins.get() + 1);
        let slept = sleep(secs(60)).await;
        if slept == Err(Exc::Cancelled) {
            event!("cancelled by asyncio.run()");
            is_cancelled.set(is_cancelled.get() + 1);
        }
        slept
    };
    let result = done(asyncio.run("amain", async {
        create_task("background", background);
        yield_now().await?;
        event!("main coroutine ends");
        Ok(42)
    }))?;
    say(&mut asyncio, &format!("asyncio.run returned {result}"));
    let (begun, cancelled, time) = (begun.get(), cancelled.get(), asyncio.time());
    // A task that has not begun when it is cancelled never does.
    ensure!(begun == cancelled, "background began {begun} times, and was cancelled {cancelled} times");
    ensure!(result == 42 && time.to_string() == "0.000", "asyncio.run returned {result} at {time}");
    ensure!(asyncio.event_loop().is_closed(), "asyncio.run has not closed the loop");
    none_pending(&asyncio)
}
