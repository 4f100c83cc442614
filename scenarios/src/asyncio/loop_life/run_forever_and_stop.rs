//! A loop that runs until something stops it.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Runner, gather, sleep, yield_now};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, ran, say, secs, since_start, start, time_limit};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "run_forever_and_stop",
    about: "A task goes round once a second, for ever. `stop` ends a run of the loop with the current iteration; a later run \
            goes on there.",
    invariant: "A run ends when it is stopped or has what it was asked for, not before and not after; what is left goes on in \
                the next.",
    patterns: &[
        &patterns::B5,
        &patterns::C14,
        &patterns::C15,
        &patterns::C15B,
        &patterns::C19,
        &patterns::C38,
    ],
    parameters: &[],
    variants: &[
        Variant {
            name: "stop_later",
            about: "A timer stops the loop at 3.5 s.",
            expect: Expect::Holds,
            body: stop_later,
        },
        Variant {
            name: "stop_tie",
            about: "A timer stops the loop when a sleep ends: the sleeper needs one more iteration, and loses.",
            expect: Expect::Holds,
            body: stop_tie,
        },
        Variant {
            name: "stop_from_task_and_resume",
            about: "A task stops the loop; its own step and the rest of the iteration still run.",
            expect: Expect::Holds,
            body: stop_from_task_and_resume,
        },
        Variant {
            name: "broken_run_forever",
            about: "Nobody stops the loop; what it has logged is there when it is killed.",
            expect: Expect::Breaks,
            body: broken_run_forever,
        },
        Variant {
            name: "broken_stop_before_complete",
            about: "The loop is stopped while it runs until a task is done.",
            expect: Expect::Breaks,
            body: broken_stop_before_complete,
        },
        Variant {
            name: "broken_nested",
            about: "A task runs its own loop until something is done: the loop runs already.",
            expect: Expect::Breaks,
            body: broken_nested,
        },
    ],
};

type Count = Rc<Cell<u64>>;

fn count(counter: &Count) {
    counter.set(counter.get() + 1);
}

async fn rounds(rounds: Count) -> Result<(), Exc> {
    loop {
        event!("in start");
        count(&rounds);
        sleep(secs(1)).await?;
    }
}

fn stop(asyncio: &Runner<'_>) -> impl FnOnce() + 'static {
    let event_loop = asyncio.event_loop().clone();
    move || event_loop.stop()
}

fn stop_later(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let round = Count::default();
    drop(asyncio.create_task("start", rounds(Rc::clone(&round))));
    let stop = stop(&asyncio);
    asyncio.call_later(ms(3_500), stop);
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "stopped");
    let (round, end) = (round.get(), since_start(&asyncio));
    ensure!(round == 4 && end == ms(3_500), "stopped at 3.5 s, it ended at {end:?} in round {round}, not 4");
    Ok(())
}

fn stop_tie(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let round = Count::default();
    drop(asyncio.create_task("start", rounds(Rc::clone(&round))));
    let stop = stop(&asyncio);
    asyncio.call_later(secs(3), || {
        event!("stop()");
        stop();
    });
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "stopped");
    let (round, end) = (round.get(), since_start(&asyncio));
    // Who wins the tie is left to chance.
    ensure!(
        (3..=4).contains(&round) && end == secs(3),
        "stopped at 3 s, it ended at {end:?} in round {round}, not 3 or 4"
    );
    Ok(())
}

async fn stopper(steps: Count) -> Result<(), Exc> {
    event!("calls stop()");
    EventLoop::current().stop();
    event!("still running after stop()");
    count(&steps);
    yield_now().await?;
    event!("only in the second run");
    count(&steps);
    Ok(())
}

async fn other(steps: Count) -> Result<(), Exc> {
    event!("one");
    count(&steps);
    yield_now().await?;
    event!("two");
    count(&steps);
    Ok(())
}

fn stop_from_task_and_resume(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let steps = [Count::default(), Count::default()];
    let tasks = [
        asyncio.create_task("stopper", stopper(Rc::clone(&steps[0]))),
        asyncio.create_task("other", other(Rc::clone(&steps[1]))),
    ];
    ran(asyncio.run_forever())?;
    ensure!(
        steps[0].get() == 1,
        "stopper made {} steps in the run that its first one stopped",
        steps[0].get()
    );
    say(&mut asyncio, "stopped, run again");
    let stop = stop(&asyncio);
    asyncio.call_soon(stop);
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "stopped again");
    // In another order a stop may come before a step: then that is made in a third run.
    let all = asyncio.enter(|_| gather(tasks));
    done(asyncio.run_until_complete(&all))?;
    let steps = steps.map(|steps| steps.get());
    ensure!(steps == [2, 2], "the tasks have made {steps:?} steps in all runs together, not two each");
    Ok(())
}

fn broken_run_forever(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let round = Count::default();
    drop(asyncio.create_task("start", rounds(Rc::clone(&round))));
    time_limit(&mut asyncio, ms(3_500));
    let ended = asyncio.run_forever();
    let (round, time) = (round.get(), asyncio.time());
    ensure!(ended.is_ok(), "nobody has stopped the loop: it was killed at {time} in round {round}");
    Ok(())
}

fn broken_stop_before_complete(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let stop = stop(&asyncio);
    asyncio.call_later(secs(1), stop);
    let task = asyncio.create_task("start", rounds(Count::default()));
    let ended = asyncio.run_until_complete(&task);
    let time = asyncio.time();
    if let Err(error) = &ended {
        say(&mut asyncio, &error.to_string());
        return Err(Violation::new(format_args!("the run ended at {time}, before start was done: {error}")));
    }
    done(ended)
}

/// Waits as one would outside of a loop.
async fn outer(waited: Count) -> Result<(), Exc> {
    let event_loop = EventLoop::running()?;
    let pause = event_loop.create_task("pause", sleep(secs(1)));
    match event_loop.run_until_complete(&pause).await {
        Ok(slept) => {
            slept?;
            count(&waited);
        }
        Err(error) => event!("{error}"),
    }
    pause.cancel();
    Ok(())
}

fn broken_nested(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let waited = Count::default();
    let task = asyncio.create_task("outer", outer(Rc::clone(&waited)));
    done(asyncio.run_until_complete(&task))?;
    let (waited, time) = (waited.get(), asyncio.time());
    ensure!(waited == 1, "outer asked its own loop for a pause of 1 s, and was refused: it ended at {time}");
    Ok(())
}
