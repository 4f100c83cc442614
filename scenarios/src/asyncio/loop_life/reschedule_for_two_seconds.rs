//! A coroutine that schedules itself for as long as a sleep of 2 s, which is gathered with it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, LoopConfig, Runner, RunnerError, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{TaskNames, complain, done, ms, ran, say, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "reschedule_for_two_seconds",
    about: "A trick to run something repeatedly for 2 s. On a virtual clock time moves only when nothing is ready, or when \
            work costs time.",
    invariant: "It ends, when the 2 s are over at the earliest, and has run no more often than its cost allows.",
    patterns: &[&patterns::C13],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_sleep",
            about: "Each run sleeps for 0.5 s before it schedules the next.",
            expect: Expect::Holds,
            body: fixed_sleep,
        },
        Variant {
            name: "fixed_cost_per_iteration",
            about: "Each iteration of the loop costs 0.1 s.",
            expect: Expect::Holds,
            body: fixed_cost_per_iteration,
        },
        Variant {
            name: "broken_zero_cost",
            about: "Nothing costs time, and something is always ready: a livelock.",
            expect: Expect::Breaks,
            body: broken_zero_cost,
        },
    ],
};

type Hello = Pin<Box<dyn Future<Output = Result<(), Exc>>>>;

/// What the runs of the coroutine share.
#[derive(Clone, Default)]
struct Runs {
    names: TaskNames,
    count: Rc<Cell<u32>>,
}

fn helloworld(runs: Runs) -> Hello {
    Box::pin(async move {
        runs.count.set(runs.count.get() + 1);
        if runs.count.get() <= 3 {
            event!("Hello world from a coroutine!");
        }
        create_task(runs.names.next(), helloworld(runs));
        Ok(())
    })
}

fn helloworld_with_pauses(runs: Runs) -> Hello {
    Box::pin(async move {
        runs.count.set(runs.count.get() + 1);
        event!("Hello world from a coroutine!");
        sleep(ms(500)).await?;
        create_task(runs.names.next(), helloworld_with_pauses(runs));
        Ok(())
    })
}

/// Runs a first hello and a sleep of 2 s until both are done.
fn run_both(
    asyncio: &mut Runner<'_>,
    runs: &Runs,
    hello: fn(Runs) -> Hello,
) -> Result<Result<(), Exc>, RunnerError> {
    let (name, runs) = (runs.names.next(), runs.clone());
    let both = asyncio.create_task(name, async move {
        let first = create_task(runs.names.next(), hello(runs.clone()));
        let end = create_task(runs.names.next(), sleep(secs(2)));
        gather([first, end]).await?;
        Ok(())
    });
    asyncio.run_until_complete(&both)
}

fn fixed_sleep(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let runs = Runs::default();
    done(run_both(&mut asyncio, &runs, helloworld_with_pauses))?;
    say(&mut asyncio, "stopped");
    let (count, time) = (runs.count.get(), asyncio.time());
    ensure!(time.to_string() == "2.000", "it ended at {time}");
    // The fifth is due at the very end.
    ensure!((4..=5).contains(&count), "{count} runs in 2 s, with 0.5 s between them");
    Ok(())
}

fn fixed_cost_per_iteration(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let config = LoopConfig { iteration_cost: ms(100), ..LoopConfig::default() };
    let mut asyncio = Runner::with_config(executor, config);
    complain(&mut asyncio);
    let runs = Runs::default();
    done(run_both(&mut asyncio, &runs, helloworld))?;
    let (count, time) = (runs.count.get(), since_start(&asyncio));
    say(&mut asyncio, &format!("stopped after {count} runs"));
    // The first iteration starts the two, the second the sleep.
    ensure!(time >= ms(2_200), "the 2 s were over at {time:?}");
    ensure!(ms(100) * count < time, "{count} runs in {time:?}, with 0.1 s for each");
    Ok(())
}

fn broken_zero_cost(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let config = LoopConfig { iterations_max: 1_000, ..LoopConfig::default() };
    let mut asyncio = Runner::with_config(executor, config);
    complain(&mut asyncio);
    let runs = Runs::default();
    let ended = run_both(&mut asyncio, &runs, helloworld);
    let (count, time) = (runs.count.get(), since_start(&asyncio));
    if ended == Err(RunnerError::Livelock) {
        say(&mut asyncio, &format!("livelock: {count} runs and virtual time still {}", time.as_secs()));
        return Err(Violation::new(format_args!("{count} runs, and the 2 s are not over: it is {time:?}")));
    }
    ran(ended)?.map_err(Violation::new)
}
