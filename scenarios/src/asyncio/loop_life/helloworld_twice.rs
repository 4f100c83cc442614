//! A coroutine that schedules itself for ever, in a loop that runs until its first run is done.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Task, create_task};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{TaskNames, done, say, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "helloworld_twice",
    about: "Each hello schedules the next. The stop is a callback of the first one's end: in production order it is behind \
            the second hello, and in front of the third.",
    invariant: "The run ends at once with exactly one task left, which has never started.",
    patterns: &[&patterns::C9, &patterns::C12],
    parameters: &[],
    variants: &[
        Variant {
            name: "asyncio_create_task",
            about: "The next one is scheduled with `asyncio.create_task`.",
            expect: Expect::Holds,
            body: asyncio_create_task,
        },
        Variant {
            name: "loop_create_task",
            about: "The next one is scheduled with the loop's own `create_task`: the same.",
            expect: Expect::Holds,
            body: loop_create_task,
        },
    ],
};

type Hello = Pin<Box<dyn Future<Output = Result<(), Exc>>>>;
type Create = fn(String, Hello) -> Task<()>;

fn helloworld(create: Create, names: TaskNames, said: Rc<Cell<u64>>) -> Hello {
    Box::pin(async move {
        event!("Hello world from a coroutine!");
        said.set(said.get() + 1);
        create(names.next(), helloworld(create, names, said));
        Ok(())
    })
}

fn run(executor: &mut Executor, create: Create) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let (names, said) = (TaskNames::default(), Rc::<Cell<u64>>::default());
    let first = asyncio.create_task(names.next(), helloworld(create, names.clone(), Rc::clone(&said)));
    done(asyncio.run_until_complete(&first))?;
    let (left, never_started) = (asyncio.all_tasks().len() as u64, names.count() - said.get());
    say(&mut asyncio, &format!("{left} task left, never started"));
    let time = asyncio.time();
    ensure!(
        left == 1 && never_started == 1 && time.to_string() == "0.000",
        "{left} tasks are left at {time}, and {never_started} have never started"
    );
    Ok(())
}

fn asyncio_create_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, |name, hello| create_task(name, hello))
}

fn loop_create_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, |name, hello| EventLoop::current().create_task(name, hello))
}
