//! A task that is created where no loop runs.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::coroutine::{Coroutine, coroutine};
use crate::asyncio::program::{done, say, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "create_task_without_loop",
    about: "The main program creates a task before any loop runs.",
    invariant: "A task that was created has said hello when the program ends.",
    patterns: &[&patterns::C8, &patterns::C10, &patterns::C11],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The loop's own `create_task`, and a run of the loop.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "broken",
            about: "`asyncio.create_task` needs a loop that runs.",
            expect: Expect::Breaks,
            body: broken,
        },
        Variant {
            name: "broken_never_run",
            about: "The loop's own `create_task`, but the loop is closed without a run.",
            expect: Expect::Breaks,
            body: broken_never_run,
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
    ensure!(said == 1, "hello was to be said once, and was said {said} times");
    Ok(())
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let said = Rc::default();
    let task = asyncio.create_task("helloworld", helloworld(&said));
    say(&mut asyncio, "task created");
    done(asyncio.run_until_complete(&task))?;
    say(&mut asyncio, "end");
    said_once(&said)
}

fn broken(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let said = Rc::default();
    let error = asyncio.enter(|_| {
        let hello = helloworld(&said);
        match EventLoop::running() {
            Ok(running) => {
                running.create_task("helloworld", hello);
                None
            }
            Err(error) => {
                event!("{error}");
                Some(error)
            }
        }
    });
    say(&mut asyncio, "end");
    if let Some(error) = error {
        return Err(Violation::new(format_args!("no task was created: {error}")));
    }
    said_once(&said)
}

fn broken_never_run(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let said = Rc::default();
    drop(asyncio.create_task("helloworld", helloworld(&said)));
    say(&mut asyncio, "task created, loop not run");
    asyncio.close();
    say(&mut asyncio, "end");
    said_once(&said)
}
