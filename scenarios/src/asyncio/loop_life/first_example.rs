//! Three tasks, and a loop that runs for ever after their ends.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, RunError, event};
use sim_asyncio::{Exc, Runner, RunnerError, Task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ran, say, secs, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "first_example",
    about: "Three tasks sleep for 3, 2 and 1 seconds. They start in the order of their creation and end in that of their \
            deadlines.",
    invariant: "The program comes to its end, at 3 s, when all three tasks have ended.",
    patterns: &[&patterns::B3, &patterns::B6, &patterns::B13],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The loop runs until the three tasks are done.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "broken_run_forever",
            about: "The loop runs for ever: after 3 s nothing can happen any more, and nobody stops it.",
            expect: Expect::Breaks,
            body: broken_run_forever,
        },
    ],
};

async fn my_function(delay: u64, ended: Rc<Cell<u64>>) -> Result<(), Exc> {
    event!("Start {delay}");
    sleep(secs(delay)).await?;
    event!("Stop {delay}");
    ended.set(ended.get() + 1);
    Ok(())
}

fn schedule(asyncio: &mut Runner<'_>, ended: &Rc<Cell<u64>>) -> Vec<Task<()>> {
    let tasks = [3, 2, 1].map(|delay| {
        let task = asyncio.create_task(format!("f{delay}"), my_function(delay, Rc::clone(ended)));
        say(asyncio, &format!("Scheduled {delay}"));
        task
    });
    Vec::from(tasks)
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let ended = Rc::default();
    let tasks = schedule(&mut asyncio, &ended);
    let all = asyncio.enter(|_| gather(tasks));
    done(asyncio.run_until_complete(&all))?;
    say(&mut asyncio, "Exiting");
    let (ended, time) = (ended.get(), asyncio.time());
    ensure!(ended == 3 && time.to_string() == "3.000", "{ended} of 3 tasks had ended at {time}");
    Ok(())
}

fn broken_run_forever(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    drop(schedule(&mut asyncio, &Rc::default()));
    let run = asyncio.run_forever();
    if let Err(RunnerError::Run(RunError::Deadlock(_))) = &run {
        say(&mut asyncio, "idle forever: no timer, nothing ready");
    }
    ran(run)
}
