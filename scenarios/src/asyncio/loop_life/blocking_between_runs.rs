//! A pause of 10 s that blocks, between two runs of a loop or inside of a task.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Runner, Task, block, sleep, yield_now};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use super::my_function::my_function;
use crate::asyncio::program::{done, pause, ran, say, secs, start, truth};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "blocking_between_runs",
    about: "A loop runs until one of its tasks is done, pauses for 10 s, and runs again: what it left goes on then.",
    invariant: "Every sleep ends on time, and between two runs no task is lost.",
    patterns: &[
        &patterns::A12,
        &patterns::A13,
        &patterns::B2,
        &patterns::B9,
        &patterns::B10,
        &patterns::B11,
        &patterns::B11B,
        &patterns::B12,
        &patterns::B13,
    ],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The pause is a sleep on the loop: the others go on meanwhile.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "inside_task_fixed",
            about: "A task sleeps on the loop for 10 s.",
            expect: Expect::Holds,
            body: inside_task_fixed,
        },
        Variant {
            name: "broken_block_between_runs",
            about: "The pause blocks: a timer that is due meanwhile fires after it, behind what is ready by then.",
            expect: Expect::Breaks,
            body: broken_block_between_runs,
        },
        Variant {
            name: "broken_inside_task",
            about: "A task blocks for 10 s: all timers that are due meanwhile fire together after it.",
            expect: Expect::Breaks,
            body: broken_inside_task,
        },
    ],
};

/// How the sleeps ended.
#[derive(Default)]
struct Sleeps {
    ended: Cell<usize>,
    late: RefCell<Vec<String>>,
}

impl Sleeps {
    fn on_time(&self, count: usize) -> Result<(), Violation> {
        let (ended, late) = (self.ended.get(), self.late.borrow().join(", "));
        ensure!(late.is_empty(), "sleeps that ended late: {late}");
        ensure!(ended == count, "{ended} of {count} sleeps have ended");
        Ok(())
    }
}

async fn timed(delay: u64, sleeps: Rc<Sleeps>) -> Result<(), Exc> {
    let due = EventLoop::current().time() + secs(delay);
    my_function(delay).await?;
    let late = EventLoop::current().time() - due;
    if !late.is_zero() {
        sleeps.late.borrow_mut().push(format!("f{delay} by {late:?}"));
    }
    sleeps.ended.set(sleeps.ended.get() + 1);
    Ok(())
}

fn spawn(asyncio: &mut Runner<'_>, delay: u64, sleeps: &Rc<Sleeps>) -> Task<()> {
    asyncio.create_task(format!("f{delay}"), timed(delay, Rc::clone(sleeps)))
}

fn run_one(asyncio: &mut Runner<'_>, delay: u64, sleeps: &Rc<Sleeps>) -> Result<(), Violation> {
    let task = spawn(asyncio, delay, sleeps);
    done(asyncio.run_until_complete(&task))
}

fn first_run(asyncio: &mut Runner<'_>, sleeps: &Rc<Sleeps>) -> Result<(), Violation> {
    for delay in [1, 3, 15, 20] {
        drop(spawn(asyncio, delay, sleeps));
    }
    run_one(asyncio, 2, sleeps)?;
    let is_running = asyncio.event_loop().is_running();
    say(asyncio, &format!("Is loop running? {}", truth(is_running)));
    ensure!(!is_running, "the loop still runs after its first run");
    Ok(())
}

fn second_run(asyncio: &mut Runner<'_>, sleeps: &Rc<Sleeps>) -> Result<(), Violation> {
    run_one(asyncio, 4, sleeps)?;
    say(asyncio, "Exiting. 20 never finished.");
    let left: Vec<_> = asyncio.all_tasks().iter().map(|task| task.name().to_string()).collect();
    ensure!(left == ["f20"], "f20 alone should be left, not {left:?}");
    let time = asyncio.time().to_string();
    ensure!(time == "16.000", "f4 ended at {time}: its 4 s began at 12.000");
    sleeps.on_time(5)
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let sleeps = Rc::default();
    first_run(&mut asyncio, &sleeps)?;
    pause(&mut asyncio, secs(10))?;
    second_run(&mut asyncio, &sleeps)
}

fn broken_block_between_runs(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let sleeps = Rc::default();
    first_run(&mut asyncio, &sleeps)?;
    say(&mut asyncio, "Blocking sleep for 10 seconds");
    ran(asyncio.block(secs(10)))?;
    second_run(&mut asyncio, &sleeps)
}

fn spawn_six(asyncio: &mut Runner<'_>) -> Rc<Sleeps> {
    let sleeps = Rc::default();
    for delay in [9, 3, 7, 1, 5, 12] {
        drop(spawn(asyncio, delay, &sleeps));
    }
    sleeps
}

fn inside_task_fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let sleeps = spawn_six(&mut asyncio);
    drop(asyncio.create_task("blocker", async {
        sleep(secs(2)).await?;
        event!("asyncio.sleep(10) begins");
        sleep(secs(10)).await?;
        event!("asyncio.sleep(10) ends");
        Ok(())
    }));
    pause(&mut asyncio, secs(13))?;
    sleeps.on_time(6)
}

fn broken_inside_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let sleeps = spawn_six(&mut asyncio);
    drop(asyncio.create_task("blocker", async {
        sleep(secs(2)).await?;
        event!("time.sleep(10) begins");
        block(secs(10));
        event!("time.sleep(10) ends");
        yield_now().await?;
        event!("after one yield");
        Ok(())
    }));
    pause(&mut asyncio, secs(13))?;
    sleeps.on_time(6)
}
